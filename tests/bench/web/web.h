/* web.h - the verbs of tests/bench/load.c; each gets its operands. */
#ifndef TESTS_BENCH_WEB_WEB_H
#define TESTS_BENCH_WEB_WEB_H

int web_bare(char *argv[]);
int web_consumer(char *argv[]);
int web_filter(char *argv[]);
int web_port(char *argv[]);
int web_broadcast(char *argv[]);
int web_one(char *argv[]);
int web_echo(char *argv[]);
int web_connect(char *argv[]);
int web_http(char *argv[]);
int web_memory(char *argv[]);

#endif
