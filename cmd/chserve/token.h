/* token.h - the characters that HTTP's words are made of. Pure. */
#ifndef CHSERVE_TOKEN_H
#define CHSERVE_TOKEN_H

/* Whether c may be in a token (RFC 9110, section 5.6.2). */
int token_has(char c);

/* Whether c is a control byte, other than a tab. */
int token_control(char c);

/* The value of a hexadecimal digit; -1 if it is none. */
int token_hex(char c);

#endif
