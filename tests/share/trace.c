/* SPDX-License-Identifier: MIT */
/* What passes through each layer: the article's sequence of requests, and that no request is lost
 * or made up. */
#include "share.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define EVENTS 65536

struct event {
    char driver[16];
    uint8_t major, minor;
    uint32_t code;
};

static struct event events[EVENTS];
static atomic_uint count;

/* At any IRQL, on any thread. */
static void record(const ntio_irp_event *event, void *context)
{
    unsigned at;

    (void)context;
    if (event->step != NTIO_IRP_CALL)
        return;
    at = atomic_fetch_add(&count, 1);
    if (at >= EVENTS)
        return;
    snprintf(events[at].driver, sizeof(events[at].driver), "%s", event->driver);
    events[at].major = event->major;
    events[at].minor = event->minor;
    events[at].code = event->io_control_code;
}

static void trace_begin(void)
{
    atomic_store(&count, 0);
    ntio_set_irp_trace(record, NULL);
}

static void trace_end(void)
{
    ntio_set_irp_trace(NULL, NULL);
    assert_true(atomic_load(&count) < EVENTS);
}

enum { PNP = 0x1B, CREATE = 0, READ = 3, CONTROL = 0x0E, INTERNAL = 0x0F };
enum {
    START_DEVICE = 0,
    REMOVE_DEVICE = 2,
    QUERY_REMOVE = 1,
    RELATIONS = 7,
    QUERY_ID = 0x13,
    SURPRISE = 0x17
};

#define GET_PNP_INFO 0x00040000u
#define EXECUTE      0x00040006u
#define PLUGIN       0x00040000u
#define PLUGOUT      0x00040004u
#define FETCH        0x0004000Au
#define COMPLETE     0x0004000Du

/* The place of the first such event at or behind `from`, or -1. minor -1: any; code 0: any. */
static int find(int from, const char *driver, int major, int minor, uint32_t code)
{
    for (unsigned at = (unsigned)from; at < atomic_load(&count); at++)
        if (strcmp(events[at].driver, driver) == 0 && events[at].major == major &&
            (minor < 0 || events[at].minor == minor) && (code == 0 || events[at].code == code))
            return (int)at;
    return -1;
}

static unsigned count_of(const char *driver, int major, uint32_t code)
{
    unsigned found = 0;

    for (unsigned at = 0; at < atomic_load(&count); at++)
        found += strcmp(events[at].driver, driver) == 0 && events[at].major == major &&
                 (code == 0 || events[at].code == code);
    return found;
}

/* Asserts that such an event is there behind `from`; returns its place. */
static int expect(int from, const char *driver, int major, int minor, uint32_t code)
{
    int at = find(from, driver, major, minor, code);

    if (at < 0)
        fail_msg("no %s major %02X minor %d code %08X behind event %d", driver, major, minor, code,
                 from);
    return at;
}

static void requests_come_in_the_order_of_the_article(void **state)
{
    struct lab lab;
    struct disc *disc;
    int at;

    (void)state;
    lab_start(&lab, 1, 300);

    /* Share: query-remove and remove to the old stack, then the new driver, start. */
    trace_begin();
    lab_offer(&lab, 0);
    lab_connect(&lab);
    disc = lab_wait_remote(&lab, 1);
    trace_end();
    at = expect(0, "cdrom", PNP, QUERY_REMOVE, 0);
    at = expect(at, "vhba", PNP, QUERY_REMOVE, 0);
    at = expect(at, "cdrom", PNP, REMOVE_DEVICE, 0);
    at = expect(at, "scsiserver", PNP, START_DEVICE, 0);
    /* start: the server's program asks, the client's plugs in, plug and play asks the child and
     * starts it. */
    at = expect(at, "scsiserver", CONTROL, -1, GET_PNP_INFO);
    at = expect(at, "scsiclient", CONTROL, -1, PLUGIN);
    at = expect(at, "scsiclient", PNP, RELATIONS, 0);
    at = expect(at, "scsiclient", PNP, QUERY_ID, 0);
    expect(at, "cdrom", PNP, START_DEVICE, 0);
    expect(at, "scsiclient", PNP, START_DEVICE, 0);

    /* loop: the class driver asks, the program fetched before, the server executes, the client
     * completes. */
    trace_begin();
    assert_int_equal(lab_read(disc->handle, 0, 7, 1), ERROR_SUCCESS);
    trace_end();
    at = expect(0, "cdrom", READ, -1, 0);
    at = expect(at, "scsiclient", INTERNAL, -1, 0);
    at = expect(at, "scsiserver", CONTROL, -1, EXECUTE);
    at = expect(at, "vhba", INTERNAL, -1, 0);
    expect(at, "scsiclient", CONTROL, -1, COMPLETE);
    disc_release(&lab.discs, disc);

    /* finish */
    trace_begin();
    lab_unshare(&lab, 0);
    lab_wait_remote(&lab, 0);
    ntio_pnp_settle();
    trace_end();
    at = expect(0, "scsiclient", CONTROL, -1, PLUGOUT);
    at = expect(at, "scsiclient", PNP, RELATIONS, 0);
    at = expect(at, "scsiclient", PNP, SURPRISE, 0);
    expect(at, "scsiclient", PNP, REMOVE_DEVICE, 0);
    at = expect(0, "scsiserver", PNP, REMOVE_DEVICE, 0);
    expect(at, "cdrom", PNP, START_DEVICE, 0);
    lab_end(&lab);
}

static void every_read_passes_every_layer_once(void **state)
{
    enum { READS = 200 };
    struct lab lab;
    struct disc *disc;

    (void)state;
    lab_start(&lab, 1, 300);
    lab_offer(&lab, 0);
    lab_connect(&lab);
    disc = lab_wait_remote(&lab, 1);
    trace_begin();
    for (unsigned i = 0; i < READS; i++)
        assert_int_equal(lab_read(disc->handle, 0, i, 2), ERROR_SUCCESS);
    trace_end();
    assert_int_equal(count_of("cdrom", READ, 0), READS);
    assert_int_equal(count_of("scsiclient", INTERNAL, 0), READS);
    assert_int_equal(count_of("scsiclient", CONTROL, COMPLETE), READS);
    assert_int_equal(count_of("scsiserver", CONTROL, EXECUTE), READS);
    assert_int_equal(count_of("vhba", INTERNAL, 0), READS);
    disc_release(&lab.discs, disc);
    lab_end(&lab);
}

struct find_instance {
    const char *prefix;
    char instance[256];
};

static bool match_instance(const ntio_device *device, void *context)
{
    struct find_instance *find = context;

    if (strncasecmp(device->instance, find->prefix, strlen(find->prefix)) != 0)
        return true;
    snprintf(find->instance, sizeof(find->instance), "%s", device->instance);
    return false;
}

static void take_driver_away(struct lab *lab, const char *which)
{
    struct find_instance root = {.prefix = strcmp(which, "vhba") == 0 ? "Root\\SCSINET_VHBA"
                                                                      : "Root\\SCSINET_BUS"};

    if (strcmp(which, "scsiserver") == 0) {
        lab_unshare(lab, 0);
        return;
    }
    ntio_enumerate_devices(match_instance, &root);
    assert_true(root.instance[0] != '\0');
    assert_true(ntio_remove_device(root.instance, true) >= 0);
}

/* What is read comes through the drivers and nothing else: without any one of them there is
 * nothing. */
static void without_any_one_driver_reads_fail(void **state)
{
    static const char *const which[] = {"vhba", "scsiserver", "scsiclient"};

    (void)state;
    for (unsigned i = 0; i < sizeof(which) / sizeof(which[0]); i++) {
        struct lab lab;
        struct disc *disc;

        lab_start(&lab, 1, 300);
        lab_offer(&lab, 0);
        lab_connect(&lab);
        disc = lab_wait_remote(&lab, 1);
        assert_int_equal(lab_read(disc->handle, 0, 7, 1), ERROR_SUCCESS);
        take_driver_away(&lab, which[i]);
        assert_int_not_equal(lab_read(disc->handle, 0, 7, 1), ERROR_SUCCESS);
        disc_release(&lab.discs, disc);
        lab_end(&lab);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_come_in_the_order_of_the_article),
        cmocka_unit_test(every_read_passes_every_layer_once),
        cmocka_unit_test(without_any_one_driver_reads_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
