/* SPDX-License-Identifier: MIT */
#include "lab.h"

#include <limits.h>
#include <stdatomic.h>
#include <stdnoreturn.h>

#define DRIVERS 8

static struct {
    char service[64];
    const char *file;
} drivers[DRIVERS];
static unsigned driver_count;

static lab_event events[LAB_EVENTS];
static atomic_uint event_count;

void lab_take_arguments(int argc, char **argv)
{
    for (int i = 1; i < argc && driver_count < DRIVERS; i++) {
        const char *base = strrchr(argv[i], '/');
        base = base != NULL ? base + 1 : argv[i];
        snprintf(drivers[driver_count].service, sizeof(drivers[0].service), "%.*s",
                 (int)strcspn(base, "."), base);
        drivers[driver_count++].file = argv[i];
    }
}

const char *lab_file(const char *service)
{
    for (unsigned i = 0; i < driver_count; i++) {
        if (strcmp(drivers[i].service, service) == 0)
            return drivers[i].file;
    }
    return NULL;
}

bool lab_is_sys(void)
{
    const char *end = driver_count != 0 ? strrchr(drivers[0].file, '.') : NULL;
    return end != NULL && strcmp(end, ".sys") == 0;
}

int lab_setup(void **state)
{
    (void)state;
    assert_int_equal(ntio_boot(NULL), 0);
    for (unsigned i = 0; i < driver_count; i++) {
        char path[PATH_MAX];
        assert_non_null(realpath(drivers[i].file, path));
        assert_int_equal(ntio_create_service(drivers[i].service, path), 0);
    }
    return 0;
}

int lab_teardown(void **state)
{
    (void)state;
    ntio_set_irp_trace(NULL, NULL);
    assert_int_equal(ntio_shutdown(), 0);
    return 0;
}

void lab_start(const char *service)
{
    char reason[512] = "";
    if (ntio_start_service(service, reason, sizeof(reason)) < 0)
        fail_msg("%s: %s", service, reason);
}

void lab_stop(const char *service)
{
    int32_t status = ntio_stop_service(service);
    if (status < 0)
        fail_msg("%s does not stop: status 0x%08x", service, (unsigned)status);
}

void lab_match(const char *id, const char *service)
{
    assert_int_equal(ntio_add_match(id, service), 0);
}

const char *lab_device(const char *name, const char *hardware_id)
{
    static char instance[512];
    int32_t status = ntio_create_root_device(name, hardware_id, instance, sizeof(instance));
    if (status < 0)
        fail_msg("device %s: status 0x%08x", name, (unsigned)status);
    return instance;
}

HANDLE lab_open(const WCHAR *path, DWORD flags)
{
    HANDLE handle =
        CreateFileW(path, GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL,
                    OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL | flags, NULL);
    if (handle == INVALID_HANDLE_VALUE)
        fail_msg("a device does not open: error %u", (unsigned)GetLastError());
    return handle;
}

/* ---- IRPs ---- */

/* At any IRQL, on any thread: takes a place and fills it. */
static void record(const ntio_irp_event *event, void *context)
{
    unsigned at = atomic_fetch_add(&event_count, 1);

    (void)context;
    if (at >= LAB_EVENTS)
        return;
    events[at] = (lab_event){.step = (int)event->step,
                             .irp = event->irp,
                             .device = event->device,
                             .major = event->major,
                             .minor = event->minor,
                             .code = event->io_control_code,
                             .status = event->status,
                             .information = event->information};
    snprintf(events[at].driver, sizeof(events[at].driver), "%s", event->driver);
}

void lab_trace_begin(void)
{
    atomic_store(&event_count, 0);
    ntio_set_irp_trace(record, NULL);
}

void lab_trace_end(void)
{
    ntio_set_irp_trace(NULL, NULL); /* returns when no recorder runs any more */
    assert_true(atomic_load(&event_count) <= LAB_EVENTS);
}

unsigned lab_event_count(void)
{
    return atomic_load(&event_count);
}

const lab_event *lab_event_at(unsigned index)
{
    assert_true(index < lab_event_count());
    return &events[index];
}

static bool is_of_kind(const lab_event *event, int step, const char *driver, int major, int minor)
{
    return (step < 0 || event->step == step) &&
           (driver == NULL || strcmp(event->driver, driver) == 0) &&
           (major < 0 || event->major == major) && (minor < 0 || event->minor == minor);
}

int lab_find(int from, int step, const char *driver, int major, int minor)
{
    for (unsigned at = (unsigned)from; at < lab_event_count(); at++) {
        if (is_of_kind(&events[at], step, driver, major, minor))
            return (int)at;
    }
    return -1;
}

int lab_expect(int from, int step, const char *driver, int major, int minor)
{
    int found = lab_find(from, step, driver, major, minor);
    if (found < 0) {
        lab_print_events();
        fail_msg("behind event %d there is no step %d of %s, %02x/%02x", from, step,
                 driver != NULL ? driver : "any driver", (unsigned)major, (unsigned)minor);
    }
    return found;
}

unsigned lab_count(int step, const char *driver, int major, int minor)
{
    unsigned found = 0;
    for (unsigned at = 0; at < lab_event_count(); at++)
        found += is_of_kind(&events[at], step, driver, major, minor);
    return found;
}

void lab_print_events(void)
{
    static const char *const steps[] = {"call", "return", "complete", "routine", "free"};
    for (unsigned at = 0; at < lab_event_count(); at++)
        print_message("# %4u %-8s %-16s %02x/%02x irp %p device %p code %08x status %08x\n", at,
                      steps[events[at].step], events[at].driver, events[at].major, events[at].minor,
                      events[at].irp, events[at].device, events[at].code,
                      (unsigned)events[at].status);
}
