/* SPDX-License-Identifier: MIT */
/* test_interrupt.c - the interrupt that a device is given is the one that its driver connects. */
#include "rig.h"
#include "ntio.h"
#include "ntio/ke/interrupt.h"
#include "tests/support/host.h"

#define LINE 11

typedef struct {
    _Atomic bool pulls; /* the device's own part of the line */
    _Atomic unsigned claims;
} card;

static void pull(card *c)
{
    atomic_store(&c->pulls, true);
    assert_int_equal(ntio_interrupt_assert(LINE), 0);
}

static BOOLEAN NTAPI service(PKINTERRUPT interrupt, PVOID context)
{
    card *c = context;

    (void)interrupt;
    if (!atomic_exchange(&c->pulls, false))
        return FALSE;
    ntio_interrupt_deassert(LINE);
    atomic_fetch_add(&c->claims, 1);
    return TRUE;
}

static BOOLEAN NTAPI message_service(PKINTERRUPT interrupt, PVOID context, ULONG id)
{
    (void)interrupt, (void)context, (void)id;
    return FALSE;
}

static bool has_claimed(void *context)
{
    return atomic_load(&((card *)context)->claims) != 0;
}

static rig_child things[2];
static IO_RESOURCE_REQUIREMENTS_LIST wanted;

/* Two devices that share a level-sensitive line. Want: how it is described. */
static void plug_two(UCHAR share, USHORT flags)
{
    IO_RESOURCE_DESCRIPTOR *d = &wanted.List[0].Descriptors[0];
    WCHAR path[128];

    rig_make_bus(path);
    assert_int_equal(PnpAddMatch(L"TBUS\\Thing", L"rigfunc", NULL), STATUS_SUCCESS);
    memset(&wanted, 0, sizeof(wanted));
    wanted.ListSize = sizeof(wanted);
    wanted.AlternativeLists = 1;
    wanted.List[0].Version = wanted.List[0].Revision = 1;
    wanted.List[0].Count = 1;
    d->Type = CmResourceTypeInterrupt;
    d->ShareDisposition = share;
    d->Flags = flags;
    d->u.Interrupt.MinimumVector = d->u.Interrupt.MaximumVector = LINE;
    for (int i = 0; i < 2; i++) {
        things[i] = (rig_child){.name = i == 0 ? "a" : "b",
                                .device_id = L"TBUS\\Thing",
                                .instance_id = i == 0 ? L"1" : L"2",
                                .hardware_ids = L"TBUS\\Thing\0",
                                .requirements = &wanted,
                                .unique = true};
        rig_plug(&things[i]);
    }
}

static void both_devices_share_their_line(void **state)
{
    PKINTERRUPT interrupts[2] = {NULL, NULL};
    card cards[2] = {{false, 0}, {false, 0}};

    (void)state;
    plug_two(CmResourceShareShared, CM_RESOURCE_INTERRUPT_LEVEL_SENSITIVE);
    for (int i = 0; i < 2; i++) {
        IO_CONNECT_INTERRUPT_PARAMETERS parameters = {.Version = CONNECT_LINE_BASED};
        parameters.LineBased.PhysicalDeviceObject = things[i].pdo;
        parameters.LineBased.InterruptObject = &interrupts[i];
        parameters.LineBased.ServiceRoutine = service;
        parameters.LineBased.ServiceContext = &cards[i];
        assert_int_equal(IoConnectInterruptEx(&parameters), STATUS_SUCCESS);
        assert_non_null(interrupts[i]);
        /* What the lists of START say. */
        assert_int_equal(interrupts[i]->Vector, LINE);
        assert_int_equal(interrupts[i]->Irql, rig_func.got[0].u.Interrupt.Level);
        assert_int_equal(interrupts[i]->SynchronizeIrql, interrupts[i]->Irql);
        assert_int_equal(interrupts[i]->Mode, LevelSensitive);
        assert_int_equal(rig_func.got[0].u.Interrupt.Affinity, KeQueryActiveProcessors());
    }
    pull(&cards[1]);
    assert_true(wait_until(has_claimed, &cards[1], 5000));
    pull(&cards[0]);
    assert_true(wait_until(has_claimed, &cards[0], 5000));
    for (int i = 0; i < 2; i++) {
        IO_DISCONNECT_INTERRUPT_PARAMETERS parameters = {.Version = CONNECT_LINE_BASED};
        parameters.ConnectionContext.InterruptObject = interrupts[i];
        IoDisconnectInterruptEx(&parameters);
        assert_int_equal(cards[i].claims, 1);
    }
}

static void versions_of_connecting(void **state)
{
    IO_CONNECT_INTERRUPT_PARAMETERS parameters = {.Version = CONNECT_MESSAGE_BASED};
    IO_DISCONNECT_INTERRUPT_PARAMETERS end = {.Version = CONNECT_LINE_BASED};
    PKINTERRUPT interrupt = NULL;
    card c = {false, 0};

    (void)state;
    plug_two(CmResourceShareShared, CM_RESOURCE_INTERRUPT_LATCHED);
    /* No device has messages: the line, where the driver takes that. */
    parameters.MessageBased.PhysicalDeviceObject = things[0].pdo;
    parameters.MessageBased.ConnectionContext.InterruptObject = &interrupt;
    parameters.MessageBased.MessageServiceRoutine = message_service;
    parameters.MessageBased.ServiceContext = &c;
    assert_int_equal(IoConnectInterruptEx(&parameters), STATUS_NOT_FOUND);
    assert_int_equal(parameters.Version, CONNECT_MESSAGE_BASED);
    parameters.MessageBased.FallBackServiceRoutine = service;
    assert_int_equal(IoConnectInterruptEx(&parameters), STATUS_SUCCESS);
    assert_int_equal(parameters.Version, CONNECT_LINE_BASED);
    assert_int_equal(interrupt->Mode, Latched);
    pull(&c);
    assert_true(wait_until(has_claimed, &c, 5000));
    end.ConnectionContext.InterruptObject = interrupt;
    IoDisconnectInterruptEx(&end);
    /* Fully specified. */
    parameters = (IO_CONNECT_INTERRUPT_PARAMETERS){.Version = CONNECT_FULLY_SPECIFIED_GROUP};
    parameters.FullySpecified.PhysicalDeviceObject = things[0].pdo;
    parameters.FullySpecified.InterruptObject = &interrupt;
    parameters.FullySpecified.ServiceRoutine = service;
    parameters.FullySpecified.ServiceContext = &c;
    parameters.FullySpecified.Vector = LINE;
    parameters.FullySpecified.Irql = KiLineIrql(LINE);
    parameters.FullySpecified.SynchronizeIrql = KiLineIrql(LINE);
    parameters.FullySpecified.InterruptMode = Latched;
    parameters.FullySpecified.ProcessorEnableMask = 1;
    parameters.FullySpecified.Group = 1;
    assert_int_equal(IoConnectInterruptEx(&parameters), STATUS_INVALID_PARAMETER);
    parameters.FullySpecified.Group = 0;
    assert_int_equal(IoConnectInterruptEx(&parameters), STATUS_SUCCESS);
    IoDisconnectInterrupt(interrupt);
    parameters.FullySpecified.Irql++;
    assert_int_equal(IoConnectInterruptEx(&parameters), STATUS_INVALID_PARAMETER);
    assert_null(interrupt);
    /* What is not known comes back as what is. */
    parameters.Version = 77;
    assert_int_equal(IoConnectInterruptEx(&parameters), STATUS_NOT_SUPPORTED);
    assert_int_equal(parameters.Version, CONNECT_CURRENT_VERSION);
}

static void a_device_without_a_line(void **state)
{
    IO_CONNECT_INTERRUPT_PARAMETERS parameters = {.Version = CONNECT_LINE_BASED};
    PKINTERRUPT interrupt = NULL;
    WCHAR path[128];

    (void)state;
    rig_make_bus(path);
    parameters.LineBased.PhysicalDeviceObject = rig_bus_pdo();
    parameters.LineBased.InterruptObject = &interrupt;
    parameters.LineBased.ServiceRoutine = service;
    assert_int_equal(IoConnectInterruptEx(&parameters), STATUS_NOT_FOUND);
    assert_null(interrupt);
}

/* No device has messages here. */
static void messages_are_not_given(void **state)
{
    NTSTATUS status;
    WCHAR path[256];

    (void)state;
    plug_two(CmResourceShareShared, CM_RESOURCE_INTERRUPT_LATCHED | CM_RESOURCE_INTERRUPT_MESSAGE);
    rig_path(&things[0], path);
    assert_int_equal(rig_problem(path, &status), CM_PROB_NORMAL_CONFLICT);
    assert_int_equal(status, STATUS_CONFLICTING_ADDRESSES);
}

static void a_line_is_given_in_place_of_messages(void **state)
{
    static struct {
        IO_RESOURCE_REQUIREMENTS_LIST list;
        IO_RESOURCE_DESCRIPTOR more;
    } either;
    IO_RESOURCE_DESCRIPTOR *d = &either.list.List[0].Descriptors[0];
    NTSTATUS status;
    WCHAR path[256];

    (void)state;
    plug_two(CmResourceShareShared, CM_RESOURCE_INTERRUPT_LATCHED | CM_RESOURCE_INTERRUPT_MESSAGE);
    either.list = wanted;
    either.list.ListSize = sizeof(either);
    either.list.List[0].Count = 2;
    memcpy(d + 1, d, sizeof(*d));
    (d + 1)->Option = IO_RESOURCE_ALTERNATIVE;
    (d + 1)->Flags = CM_RESOURCE_INTERRUPT_LEVEL_SENSITIVE;
    rig_func.filtered = &either.list;
    rig_path(&things[0], path);
    assert_int_equal(PnpRestartDevice(path), STATUS_SUCCESS);
    assert_int_equal(rig_problem(path, &status), 0);
    assert_int_equal(rig_func.got_count, 1);
    assert_int_equal(rig_func.got[0].Flags, CM_RESOURCE_INTERRUPT_LEVEL_SENSITIVE);
    assert_int_equal(rig_func.got[0].u.Interrupt.Vector, LINE);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, rig_boot, rig_shutdown)
    const struct CMUnitTest tests[] = {
        TEST(both_devices_share_their_line),
        TEST(versions_of_connecting),
        TEST(a_device_without_a_line),
        TEST(messages_are_not_given),
        TEST(a_line_is_given_in_place_of_messages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
