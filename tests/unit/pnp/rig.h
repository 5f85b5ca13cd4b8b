/* SPDX-License-Identifier: MIT */
/*
 * rig.h - drivers for the tests of pnp: a bus whose devices are plugged and unplugged by the test,
 * function drivers and filters that write down what they are asked and do what the test tells them
 * to.
 *
 * The log has one line for each step, "driver WHAT device": `func START c1`. Device names are those
 * of plugged children, "root" otherwise.
 */
#ifndef TESTS_UNIT_PNP_RIG_H
#define TESTS_UNIT_PNP_RIG_H

#include "ntio/pnp/pnp.h"
#include "ntio/ex/ex.h"
#include "ntio.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

/* How a driver behaves; set before it is loaded, or while nothing runs. */
typedef struct rig_driver {
    const WCHAR *service;
    const char *name; /* in the log */
    bool is_bus;
    NTSTATUS load;         /* DriverEntry's answer */
    NTSTATUS add;          /* AddDevice's; fails after nothing was made */
    NTSTATUS start;        /* after the device below has started */
    NTSTATUS query_remove; /* a failure refuses */
    NTSTATUS query_stop;
    ULONG state;           /* IRP_MN_QUERY_PNP_DEVICE_STATE; 0: not handled */
    bool leaves_interface; /* does not turn its interface off */
    bool no_interface;
    bool opens_at_start; /* tries to open its own device in START */
    NTSTATUS opened_at_start;
    const WCHAR *reference;                  /* of the interface */
    PDEVICE_OBJECT removal_relation;         /* a PDO that has to go along */
    PIO_RESOURCE_REQUIREMENTS_LIST filtered; /* answers FILTER_RESOURCE_REQUIREMENTS with a copy */
    _Atomic int loads, unloads, adds, starts, removes, creates, closes;
    CM_PARTIAL_RESOURCE_DESCRIPTOR got[4]; /* of the last START, translated */
    ULONG got_count;
    ULONG raw_level;     /* level of the first resource, raw */
    UNICODE_STRING link; /* of the last device added */
    WCHAR opened[64];    /* file name of the last create */
    PDRIVER_OBJECT driver;
} rig_driver;

/* What the services of these names do. */
extern rig_driver rig_bus, rig_func, rig_other, rig_lower, rig_upper;

/* A device on the bus. Strings are static. */
typedef struct rig_child {
    const char *name;
    const WCHAR *device_id;    /* "TBUS\\Thing" */
    const WCHAR *instance_id;  /* NULL: none */
    const WCHAR *hardware_ids; /* double terminated, or NULL */
    const WCHAR *compatible_ids;
    const WCHAR *description;
    bool unique, raw, no_name, duplicate_report, report_null;
    PIO_RESOURCE_REQUIREMENTS_LIST requirements;
    bool ejected;
    /* the bus's */
    LIST_ENTRY link;
    PDEVICE_OBJECT pdo; /* referenced while plugged: until rig_unplug or the bus has gone */
    bool present;
    bool reported; /* in the last answer: only a device that was not is deleted by REMOVE */
    bool listed;
    _Atomic int removes;
    struct rig_child *next_dead; /* the test's */
} rig_child;
extern rig_child *rig_dead;

extern const GUID rig_class; /* of the function drivers' interfaces */

/* Boots, takes over the loading of services, clears log and behaviour. Ends with ntio_shutdown() ==
 * 0. */
int rig_boot(void **state);
/* The same where somebody else has booted. */
void rig_use(void);
int rig_shutdown(void **state);
/* A root-enumerated bus, started. */
void rig_make_bus(WCHAR path[128]);
/* Plugs the device in and, unless later, waits until pnp has taken notice. */
void rig_plug(rig_child *child);
void rig_plug_later(rig_child *child);
void rig_unplug(rig_child *child);
void rig_unplug_later(rig_child *child);
/* The bus's PDO, for invalidating. Valid while a bus is there. */
PDEVICE_OBJECT rig_bus_pdo(void);
PDEVICE_OBJECT rig_pdo_of(const WCHAR *path); /* no reference */

/* L"TBUS\\Thing\\1" of a child, from its node. */
void rig_path(rig_child *child, WCHAR path[256]);
PNP_STATE rig_state(const WCHAR *path);
ULONG rig_problem(const WCHAR *path, NTSTATUS *status);

/* What the log calls a device, by its PDO. */
const char *rig_device_name(PDEVICE_OBJECT pdo);
void rig_log(const char *format, ...) __attribute__((format(printf, 1, 2)));
void rig_clear_log(void);
/* Compares the log with lines joined by '|'. */
void rig_assert_log_(const char *expected, const char *file, int line);
#define rig_assert_log(expected) rig_assert_log_((expected), __FILE__, __LINE__)
/* Writes down requests for IDs and the like too. */
extern bool rig_verbose;
/* Writes down nothing. */
extern bool rig_silent;

NTSTATUS rig_open(const WCHAR *name, HANDLE *handle);
/* Opens a device by its \Device name. */
NTSTATUS rig_open_device(PDEVICE_OBJECT device, HANDLE *handle);
PFILE_OBJECT rig_file_of(HANDLE handle); /* referenced */

#define assert_status(expression, expected)                                                        \
    assert_int_equal((uint32_t)(expression), (uint32_t)(expected))
#define assert_wide(actual, expected) assert_int_equal(NtCrt__wcsicmp((actual), (expected)), 0)

#endif
