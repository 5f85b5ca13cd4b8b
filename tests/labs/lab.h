/* SPDX-License-Identifier: MIT */
/*
 * lab.h - a sample's drivers under test: registered from the files that the command line names, and
 * the IRPs that pass through them.
 *
 * A test program calls lab_main with its cmocka tests; each test that wants a booted system has
 * lab_setup and lab_teardown. Include after cmocka's and windows.h's headers are in order: this
 * header brings them all.
 */
#ifndef TESTS_LABS_LAB_H
#define TESTS_LABS_LAB_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>
#include "ntio.h"
#include <cmocka.h>

/*
 * main's work. Arguments are files NAME.so or NAME.sys: the drivers, each the image of service
 * NAME. Without any the program says so and all tests are skipped by the caller's meson.build.
 */
#define LAB_MAIN(group, tests)                                                                     \
    int main(int argc, char **argv)                                                                \
    {                                                                                              \
        lab_take_arguments(argc, argv);                                                            \
        return cmocka_run_group_tests_name(group, tests, NULL, NULL);                              \
    }
void lab_take_arguments(int argc, char **argv);
/* The file given for service NAME, or NULL. */
const char *lab_file(const char *service);
/* Whether the drivers are .sys files. */
bool lab_is_sys(void);

/* A test's set-up and tear-down: boots and registers all services (starts none); shuts down and
 * fails where anything was left behind. */
int lab_setup(void **state);
int lab_teardown(void **state);
#define LAB_TEST(fn) cmocka_unit_test_setup_teardown(fn, lab_setup, lab_teardown)

/* Fail the test with the reason where they do not succeed. */
void lab_start(const char *service);
void lab_stop(const char *service);
/* Devices with this ID are driven by the service; a root-enumerated device: its instance path,
 * valid until the next call. */
void lab_match(const char *id, const char *service);
const char *lab_device(const char *name, const char *hardware_id);

/* CreateFile for reading and writing, shared; fails the test unless it opens. */
HANDLE lab_open(const WCHAR *path, DWORD flags);

/* ---- IRPs ---- */

/*
 * Between begin and end each step of each IRP is kept, at most LAB_EVENTS of them (more fail the
 * test). Strings are copies. Look at them after lab_trace_end only.
 */
#define LAB_EVENTS 16384
typedef struct lab_event {
    int step; /* NTIO_IRP_* */
    const void *irp, *device;
    char driver[24];
    uint8_t major, minor;
    uint32_t code;
    int32_t status;
    uint64_t information;
} lab_event;
void lab_trace_begin(void);
void lab_trace_end(void);
unsigned lab_event_count(void);
const lab_event *lab_event_at(unsigned index);
/*
 * The first event at or behind `from` of this kind: step -1, major -1, minor -1, driver NULL: any.
 * Returns its index, or -1.
 */
int lab_find(int from, int step, const char *driver, int major, int minor);
/* The same, but a missing one fails the test and the events are printed. */
int lab_expect(int from, int step, const char *driver, int major, int minor);
unsigned lab_count(int step, const char *driver, int major, int minor);
void lab_print_events(void);

#endif
