/* SPDX-License-Identifier: MIT */
/* interrupt.c - emulated interrupts: lines, service routines and their lock, ports. */
#include "ntio/ke/interrupt.h"
#include "ketest.h"
#include "tests/support/host.h"

#define VECTOR 35
#define ROUNDS 10000

/* A device model that pulls its line while it has something to report. */
typedef struct {
    pthread_mutex_t lock;
    unsigned vector;
    bool pulls;
    unsigned status; /* read by a service routine, which acknowledges it */
} model;

static void model_raise(model *m)
{
    pthread_mutex_lock(&m->lock);
    m->status++;
    if (!m->pulls) {
        m->pulls = true;
        assert_int_equal(ntio_interrupt_assert(m->vector), 0);
    }
    pthread_mutex_unlock(&m->lock);
}

static unsigned model_acknowledge(model *m)
{
    unsigned status;

    pthread_mutex_lock(&m->lock);
    status = m->status;
    m->status = 0;
    if (m->pulls) {
        m->pulls = false;
        ntio_interrupt_deassert(m->vector);
    }
    pthread_mutex_unlock(&m->lock);
    return status;
}

typedef struct {
    model hardware;
    KINTERRUPT interrupt;
    KDPC dpc;
    KEVENT done;
    unsigned calls, claims, reports; /* the service routine's, under the interrupt's lock */
    KIRQL irql;
    bool own_thread, lock_held;
    PKTHREAD caller;
    _Atomic unsigned dpcs;
} device;

static BOOLEAN NTAPI service(PKINTERRUPT interrupt, PVOID context)
{
    device *d = context;
    unsigned reports = model_acknowledge(&d->hardware);

    d->calls++;
    d->irql = KeGetCurrentIrql();
    d->own_thread = KeGetCurrentThread() == d->caller;
    d->lock_held = !KeTestSpinLock(interrupt->ActualLock);
    if (reports == 0)
        return FALSE;
    d->claims++;
    d->reports += reports;
    KeInsertQueueDpc(&d->dpc, (PVOID)(ULONG_PTR)reports, NULL);
    return TRUE;
}

static VOID NTAPI deferred(PKDPC dpc, PVOID context, PVOID reports, PVOID unused)
{
    device *d = context;

    (void)dpc, (void)reports, (void)unused;
    atomic_fetch_add(&d->dpcs, 1);
    KeSetEvent(&d->done, 0, FALSE);
}

static void device_init(device *d, unsigned vector, KINTERRUPT_MODE mode, BOOLEAN share)
{
    memset(d, 0, sizeof(*d));
    pthread_mutex_init(&d->hardware.lock, NULL);
    d->hardware.vector = vector;
    d->caller = KeGetCurrentThread();
    KeInitializeDpc(&d->dpc, deferred, d);
    KeInitializeEvent(&d->done, SynchronizationEvent, FALSE);
    KeInitializeInterrupt(&d->interrupt, service, d, NULL, vector, KiLineIrql(vector),
                          KiLineIrql(vector), mode, share, (KAFFINITY)-1);
}

static BOOLEAN NTAPI read_reports(PVOID context)
{
    device *d = context;
    return d->reports != 0;
}

static void test_level(void **state)
{
    static device d;

    (void)state;
    device_init(&d, VECTOR, LevelSensitive, FALSE);
    assert_int_equal(KeConnectInterrupt(&d.interrupt), STATUS_SUCCESS);
    model_raise(&d.hardware);
    assert_int_equal(wait_for(&d.done), STATUS_SUCCESS);
    assert_true(KeSynchronizeExecution(&d.interrupt, read_reports, &d));
    assert_true(KeDisconnectInterrupt(&d.interrupt));
    assert_int_equal(d.calls, 1);
    assert_int_equal(d.claims, 1);
    assert_int_equal(d.reports, 1);
    assert_int_equal(d.irql, KiLineIrql(VECTOR));
    assert_in_range(d.irql, DISPATCH_LEVEL + 1, 11);
    assert_false(d.own_thread);
    assert_true(d.lock_held);
    assert_int_equal(d.dpcs, 1);
    assert_false(KeDisconnectInterrupt(&d.interrupt));
    /* Nobody is connected: the line stays up and is served as soon as somebody is. */
    model_raise(&d.hardware);
    assert_int_equal(d.calls, 1);
    assert_int_equal(KeConnectInterrupt(&d.interrupt), STATUS_SUCCESS);
    assert_int_equal(wait_for(&d.done), STATUS_SUCCESS);
    assert_true(KeDisconnectInterrupt(&d.interrupt));
    assert_int_equal(d.calls, 2);
}

/* A service routine that is held until the test lets it go. */
static _Atomic unsigned latched_calls, latched_go;

static BOOLEAN NTAPI latched_service(PKINTERRUPT interrupt, PVOID context)
{
    unsigned call = atomic_fetch_add(&latched_calls, 1) + 1;

    (void)interrupt, (void)context;
    while (atomic_load(&latched_go) < call)
        KeStallExecutionProcessor(10);
    return TRUE;
}

static bool latched_calls_are(void *count)
{
    return atomic_load(&latched_calls) == (unsigned)(uintptr_t)count;
}

static void pulse(unsigned vector)
{
    assert_int_equal(ntio_interrupt_assert(vector), 0);
    assert_int_equal(ntio_interrupt_deassert(vector), 0);
}

static void test_latched(void **state)
{
    KINTERRUPT interrupt;

    (void)state;
    atomic_store(&latched_calls, 0);
    atomic_store(&latched_go, 0);
    KeInitializeInterrupt(&interrupt, latched_service, NULL, NULL, VECTOR, KiLineIrql(VECTOR),
                          KiLineIrql(VECTOR), Latched, FALSE, 1);
    pulse(VECTOR); /* while nobody is connected: lost */
    assert_int_equal(KeConnectInterrupt(&interrupt), STATUS_SUCCESS);
    pulse(VECTOR);
    assert_true(wait_until(latched_calls_are, (void *)1, 5000));
    pulse(VECTOR); /* two edges during a service are one more service */
    pulse(VECTOR);
    atomic_store(&latched_go, 1);
    assert_true(wait_until(latched_calls_are, (void *)2, 5000));
    atomic_store(&latched_go, 2);
    /* One that stays up: one edge. */
    assert_int_equal(ntio_interrupt_assert(VECTOR), 0);
    assert_true(wait_until(latched_calls_are, (void *)3, 5000));
    atomic_store(&latched_go, 100);
    assert_true(KeDisconnectInterrupt(&interrupt));
    assert_int_equal(atomic_load(&latched_calls), 3);
    assert_int_equal(ntio_interrupt_deassert(VECTOR), 0);
}

static void test_shared(void **state)
{
    static device first, second, alone;

    (void)state;
    device_init(&first, VECTOR, LevelSensitive, TRUE);
    device_init(&second, VECTOR, LevelSensitive, TRUE);
    device_init(&alone, VECTOR, LevelSensitive, FALSE);
    assert_int_equal(KeConnectInterrupt(&first.interrupt), STATUS_SUCCESS);
    assert_int_equal(KeConnectInterrupt(&second.interrupt), STATUS_SUCCESS);
    assert_int_equal(KeConnectInterrupt(&alone.interrupt), STATUS_INVALID_PARAMETER);
    /* The first is asked first and says that it was not its device. */
    model_raise(&second.hardware);
    assert_int_equal(wait_for(&second.done), STATUS_SUCCESS);
    assert_int_equal(first.dpcs, 0);
    /* The first claims: the second is not asked. */
    model_raise(&first.hardware);
    assert_int_equal(wait_for(&first.done), STATUS_SUCCESS);
    assert_true(KeDisconnectInterrupt(&first.interrupt));
    assert_int_equal(first.calls, 2);
    assert_int_equal(first.claims, 1);
    assert_int_equal(second.calls, 1);
    /* The other goes on. */
    model_raise(&second.hardware);
    assert_int_equal(wait_for(&second.done), STATUS_SUCCESS);
    assert_true(KeDisconnectInterrupt(&second.interrupt));
    assert_int_equal(second.claims, 2);
    assert_int_equal(KeConnectInterrupt(&alone.interrupt), STATUS_SUCCESS);
    assert_int_equal(KeConnectInterrupt(&first.interrupt), STATUS_INVALID_PARAMETER);
    assert_true(KeDisconnectInterrupt(&alone.interrupt));
}

static void test_refused(void **state)
{
    KINTERRUPT interrupt;
    KIRQL irql = KiLineIrql(VECTOR);

    (void)state;
    KeInitializeInterrupt(&interrupt, service, NULL, NULL, KI_LINES, irql, irql, Latched, TRUE, 1);
    assert_int_equal(KeConnectInterrupt(&interrupt), STATUS_INVALID_PARAMETER);
    KeInitializeInterrupt(&interrupt, service, NULL, NULL, VECTOR, irql + 1, irql + 1, Latched,
                          TRUE, 1);
    assert_int_equal(KeConnectInterrupt(&interrupt), STATUS_INVALID_PARAMETER);
    KeInitializeInterrupt(&interrupt, service, NULL, NULL, VECTOR, irql, irql - 1, Latched, TRUE,
                          1);
    assert_int_equal(KeConnectInterrupt(&interrupt), STATUS_INVALID_PARAMETER);
    KeInitializeInterrupt(&interrupt, service, NULL, NULL, VECTOR, irql, irql, Latched, TRUE, 0);
    assert_int_equal(KeConnectInterrupt(&interrupt), STATUS_INVALID_PARAMETER);
    assert_int_equal(ntio_interrupt_assert(KI_LINES), STATUS_INVALID_PARAMETER);
    assert_int_equal(ntio_interrupt_deassert(VECTOR), STATUS_INVALID_DEVICE_STATE);
}

/* KeSynchronizeExecution and the spin lock against the service routine: a count that only they
 * guard. */
typedef struct {
    KINTERRUPT interrupt;
    KSPIN_LOCK lock;
    unsigned shared, serviced; /* under the interrupt's lock */
    unsigned asserted;
} counting;

static BOOLEAN NTAPI counting_service(PKINTERRUPT interrupt, PVOID context)
{
    counting *c = context;
    (void)interrupt;
    c->shared++;
    c->serviced++;
    return TRUE;
}

static BOOLEAN NTAPI count_one(PVOID context)
{
    ((counting *)context)->shared++;
    return TRUE;
}

static void *synchronize(void *context)
{
    counting *c = context;

    for (int i = 0; i < ROUNDS; i++) {
        KIRQL old;
        if (i & 1) {
            KeSynchronizeExecution(&c->interrupt, count_one, c);
        } else {
            old = KeAcquireInterruptSpinLock(&c->interrupt);
            assert_int_equal(KeGetCurrentIrql(), HIGH_LEVEL - 1);
            count_one(c);
            KeReleaseInterruptSpinLock(&c->interrupt, old);
        }
    }
    return NULL;
}

static BOOLEAN NTAPI is_serviced(PVOID context)
{
    return ((counting *)context)->serviced != 0;
}

static bool was_serviced(void *context)
{
    counting *c = context;
    return KeSynchronizeExecution(&c->interrupt, is_serviced, c);
}

static void test_synchronize(void **state)
{
    static counting c;
    pthread_t thread;

    (void)state;
    KeInitializeInterrupt(&c.interrupt, counting_service, &c, &c.lock, VECTOR, KiLineIrql(VECTOR),
                          HIGH_LEVEL - 1, Latched, FALSE, (KAFFINITY)-1);
    assert_int_equal(KeConnectInterrupt(&c.interrupt), STATUS_SUCCESS);
    thread = start(synchronize, &c);
    for (int i = 0; i < ROUNDS; i++)
        pulse(VECTOR);
    pthread_join(thread, NULL);
    assert_true(wait_until(was_serviced, &c, 5000));
    assert_true(KeDisconnectInterrupt(&c.interrupt));
    assert_in_range(c.serviced, 1, ROUNDS);
    assert_int_equal(c.shared, ROUNDS + c.serviced);
}

/* Nothing runs once the disconnecting is back, though the line goes on. */
static _Atomic bool firing;

static void *fire(void *context)
{
    (void)context;
    while (atomic_load(&firing))
        pulse(VECTOR);
    return NULL;
}

static BOOLEAN NTAPI short_lived_service(PKINTERRUPT interrupt, PVOID context)
{
    (void)interrupt;
    ++*(unsigned *)context; /* freed by then, if it ran too late */
    return TRUE;
}

static void test_disconnect(void **state)
{
    pthread_t thread;

    (void)state;
    atomic_store(&firing, true);
    thread = start(fire, NULL);
    for (int i = 0; i < 300; i++) {
        PKINTERRUPT interrupt = malloc(sizeof(*interrupt));
        unsigned *calls = calloc(1, sizeof(*calls));

        KeInitializeInterrupt(interrupt, short_lived_service, calls, NULL, VECTOR,
                              KiLineIrql(VECTOR), KiLineIrql(VECTOR), Latched, TRUE, (KAFFINITY)-1);
        assert_int_equal(KeConnectInterrupt(interrupt), STATUS_SUCCESS);
        if (i & 1)
            pulse(VECTOR);
        assert_true(KeDisconnectInterrupt(interrupt));
        free(calls);
        free(interrupt);
    }
    atomic_store(&firing, false);
    pthread_join(thread, NULL);
}

/* What is still connected at shutdown is named, and does not run any more. */
static void test_left_behind(void **state)
{
    static const ntio_config quiet = {.quiet_accounting = true};
    KINTERRUPT interrupt;
    unsigned calls = 0;

    assert_int_equal(shut(state), 0);
    assert_int_equal(ntio_boot(&quiet), 0);
    KeInitializeInterrupt(&interrupt, short_lived_service, &calls, NULL, VECTOR, KiLineIrql(VECTOR),
                          KiLineIrql(VECTOR), Latched, TRUE, (KAFFINITY)-1);
    assert_int_equal(KeConnectInterrupt(&interrupt), STATUS_SUCCESS);
    assert_int_equal(ntio_shutdown(), 1);
    pulse(VECTOR);
    assert_int_equal(calls, 0);
    assert_int_equal(boot(state), 0);
}

static uint32_t last_offset, last_size, last_value;

static uint32_t port_read(void *context, uint16_t offset, unsigned size)
{
    (void)size;
    return *(uint32_t *)context + offset;
}

static void port_write(void *context, uint16_t offset, unsigned size, uint32_t value)
{
    (void)context;
    last_offset = offset;
    last_size = size;
    last_value = value;
}

#define PORT(type, n) ((type *)(ULONG_PTR)(n))

static void test_ports(void **state)
{
    uint32_t base = 0x11223340;
    const ntio_ports ports = {0x300, 8, port_read, port_write, &base};
    const ntio_ports over = {0x307, 1, port_read, port_write, &base};
    const ntio_ports beyond = {0xffff, 2, port_read, port_write, &base};
    USHORT words[2];

    (void)state;
    assert_int_equal(ntio_add_ports(&ports), 0);
    assert_int_equal(ntio_add_ports(&over), STATUS_CONFLICTING_ADDRESSES);
    assert_int_equal(ntio_add_ports(&beyond), STATUS_INVALID_PARAMETER);
    assert_int_equal(READ_PORT_UCHAR(PORT(UCHAR, 0x307)), 0x47);
    assert_int_equal(READ_PORT_USHORT(PORT(USHORT, 0x302)), 0x3342);
    assert_int_equal(READ_PORT_ULONG(PORT(ULONG, 0x304)), 0x11223344);
    READ_PORT_BUFFER_USHORT(PORT(USHORT, 0x300), words, 2);
    assert_int_equal(words[0], 0x3340);
    assert_int_equal(words[1], 0x3340);
    WRITE_PORT_UCHAR(PORT(UCHAR, 0x305), 0xab);
    assert_int_equal(last_offset, 5);
    assert_int_equal(last_size, 1);
    assert_int_equal(last_value, 0xab);
    WRITE_PORT_ULONG(PORT(ULONG, 0x300), 0xdeadbeef);
    assert_int_equal(last_size, 4);
    assert_int_equal(last_value, 0xdeadbeef);
    /* A buffer goes through one port, unit by unit. */
    UCHAR bytes[3];
    ULONG longs[2] = {1, 2};
    READ_PORT_BUFFER_UCHAR(PORT(UCHAR, 0x301), bytes, 3);
    assert_int_equal(bytes[0] << 16 | bytes[1] << 8 | bytes[2], 0x414141);
    READ_PORT_BUFFER_ULONG(PORT(ULONG, 0x304), longs, 2);
    assert_int_equal(longs[1], 0x11223344);
    bytes[2] = 0x5a;
    WRITE_PORT_BUFFER_UCHAR(PORT(UCHAR, 0x306), bytes, 3);
    assert_int_equal(last_value, 0x5a);
    assert_int_equal(last_offset, 6);
    words[1] = 0xbeef;
    WRITE_PORT_BUFFER_USHORT(PORT(USHORT, 0x302), words, 2);
    assert_int_equal(last_value, 0xbeef);
    assert_int_equal(last_size, 2);
    longs[1] = 0xdeadbeef;
    WRITE_PORT_BUFFER_ULONG(PORT(ULONG, 0x300), longs, 2);
    assert_int_equal(last_value, 0xdeadbeef);
    assert_int_equal(last_offset, 0);
    /* Nobody there, or not wholly. */
    WRITE_PORT_USHORT(PORT(USHORT, 0x307), 1);
    assert_int_equal(last_value, 0xdeadbeef);
    assert_int_equal(READ_PORT_USHORT(PORT(USHORT, 0x307)), 0xffff);
    assert_int_equal(READ_PORT_UCHAR(PORT(UCHAR, 0x308)), 0xff);
    assert_int_equal(READ_PORT_ULONG(PORT(ULONG, 0x308)), 0xffffffff);
    assert_int_equal(ntio_remove_ports(0x300), 0);
    assert_int_equal(ntio_remove_ports(0x300), STATUS_NOT_FOUND);
    assert_int_equal(READ_PORT_UCHAR(PORT(UCHAR, 0x300)), 0xff);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_level),       cmocka_unit_test(test_latched),
        cmocka_unit_test(test_shared),      cmocka_unit_test(test_refused),
        cmocka_unit_test(test_synchronize), cmocka_unit_test(test_disconnect),
        cmocka_unit_test(test_ports),       cmocka_unit_test(test_left_behind),
    };
    if (argc > 1)
        processors = (unsigned)strtoul(argv[1], NULL, 10);
    return cmocka_run_group_tests(tests, boot, shut);
}
