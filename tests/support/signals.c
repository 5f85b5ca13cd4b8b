/* SPDX-License-Identifier: MIT */
/*
 * signals.c - in every test program: keeps cmocka's hands off the faults.
 *
 * cmocka sets handlers of its own for SIGSEGV and others round each test and fixture, and puts back
 * what was there before: so a group's setup that boots ntio loses ntio's handler, by which guards
 * work. This signal() stands before libc's for libcmocka, and lets those be. A fault in a test then
 * ends the program with ntio's report, a sanitizer's, or a core.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include <signal.h>

typedef void (*handler)(int);

__attribute__((visibility("default"))) handler signal(int number, handler new_handler);

handler signal(int number, handler new_handler)
{
    struct sigaction action = {0}, before;

    if (number == SIGSEGV || number == SIGBUS || number == SIGILL)
        return SIG_DFL;
    action.sa_handler = new_handler;
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    return sigaction(number, &action, &before) == 0 ? before.sa_handler : SIG_ERR;
}
