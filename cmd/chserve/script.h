/* script.h - the JavaScript that pages may use: chutils.js. */
#ifndef CHSERVE_SCRIPT_H
#define CHSERVE_SCRIPT_H

#include "chserve/request.h"

#define SCRIPT_PATH "/chutils.js"

/* Answer who asks for it; 0 if the request is for something else. */
int script_begin(struct request *request);

#endif
