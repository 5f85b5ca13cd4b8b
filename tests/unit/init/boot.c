/* SPDX-License-Identifier: MIT */
/* boot.c - the system starts and stops, again and again, and its accounting names what was left
 * behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "ntio/init/initp.h"
#include <cmocka.h>

/* ---- what goes to stderr, kept ---- */

static int SavedStderr = -1;
static FILE *Capture;
static char Captured[8192];

static void BeginCapture(void)
{
    fflush(stderr);
    Capture = tmpfile();
    assert_non_null(Capture);
    SavedStderr = dup(STDERR_FILENO);
    assert_true(SavedStderr >= 0);
    assert_true(dup2(fileno(Capture), STDERR_FILENO) >= 0);
}

static void EndCapture(void)
{
    fflush(stderr);
    dup2(SavedStderr, STDERR_FILENO);
    close(SavedStderr);
    rewind(Capture);
    Captured[fread(Captured, 1, sizeof(Captured) - 1, Capture)] = '\0';
    fclose(Capture);
}

/* ---- booting ---- */

static void boots_and_stops_fifty_times(void **state)
{
    (void)state;
    for (int i = 0; i < 50; i++) {
        assert_int_equal(ntio_boot(NULL), 0);
        if (ntio_shutdown() != 0)
            fail_msg("boot %d left something behind", i + 1);
    }
}

static void boots_once_at_a_time(void **state)
{
    (void)state;
    assert_int_equal(ntio_shutdown(), 0); /* nothing to stop */
    assert_int_equal(ntio_boot(NULL), 0);
    assert_int_equal(ntio_boot(NULL), STATUS_INVALID_DEVICE_STATE);
    assert_int_equal(ntio_shutdown(), 0);
    assert_int_equal(ntio_shutdown(), 0);
}

static bool FailDevice(const ntio_device *Device, void *Context)
{
    (void)Device;
    (void)Context;
    fail_msg("a device without a system");
    return false;
}

static void nothing_works_before_boot(void **state)
{
    (void)state;
    char **List;
    ntio_counts Counts;
    assert_int_equal(ntio_create_service("x", NULL), STATUS_DEVICE_NOT_READY);
    assert_int_equal(ntio_delete_service("x"), STATUS_DEVICE_NOT_READY);
    assert_int_equal(ntio_start_service("x", NULL, 0), STATUS_DEVICE_NOT_READY);
    assert_int_equal(ntio_stop_service("x"), STATUS_DEVICE_NOT_READY);
    assert_int_equal(ntio_add_match("x", "x"), STATUS_DEVICE_NOT_READY);
    assert_int_equal(ntio_create_root_device("x", "x", NULL, 0), STATUS_DEVICE_NOT_READY);
    assert_int_equal(ntio_remove_device("x", false), STATUS_DEVICE_NOT_READY);
    assert_int_equal(ntio_set_function_driver("x", NULL, NULL, 0), STATUS_DEVICE_NOT_READY);
    assert_int_equal(ntio_get_interfaces("{4d36e965-e325-11ce-bfc1-08002be10318}", NULL, &List),
                     STATUS_DEVICE_NOT_READY);
    assert_null(List);
    assert_int_equal(ntio_registry_set_string("x", "x", "x"), STATUS_DEVICE_NOT_READY);
    assert_int_equal(ntio_registry_set_uint32("x", "x", 1), STATUS_DEVICE_NOT_READY);
    assert_null(ntio_process_create("x"));
    ntio_process_enter(NULL);
    ntio_pnp_settle();
    ntio_enumerate_devices(FailDevice, NULL);
    ntio_get_counts(&Counts);
    assert_int_equal(Counts.objects, 0);
}

static void the_booting_thread_is_the_programs(void **state)
{
    (void)state;
    ntio_config Config = {.process_name = "tester"};
    assert_int_equal(ntio_boot(&Config), 0);
    assert_string_equal(PsGetCurrentProcess()->ImageName, "tester");
    assert_ptr_not_equal(PsGetCurrentProcess(), PsInitialSystemProcess);
    assert_int_equal(ntio_shutdown(), 0);
}

/* ---- the accounting: one of each kind ---- */

/* What is planted stays reachable: a leak sanitizer has its own opinion of it. */
static PVOID Kept[16];
static ULONG KeptCount;

static void Keep(PVOID Planted)
{
    assert_non_null(Planted);
    assert_true(KeptCount < RTL_NUMBER_OF(Kept));
    Kept[KeptCount++] = Planted;
}

static KTIMER PlantedTimer;

static void PlantPool(void)
{
    Keep(ExAllocatePoolWithTag(NonPagedPool, 123, 'kaeL'));
}

static void PlantIrp(void)
{
    Keep(IoAllocateIrp(3, FALSE));
}

static void PlantMdl(void)
{
    static UCHAR Buffer[100];
    Keep(IoAllocateMdl(Buffer, sizeof(Buffer), FALSE, FALSE, NULL));
}

static void PlantTimer(void)
{
    LARGE_INTEGER Due = {.QuadPart = -36000000000ll};
    KeInitializeTimer(&PlantedTimer);
    KeSetTimer(&PlantedTimer, Due, NULL);
}

static void PlantLink(void)
{
    UNICODE_STRING Link, Target;
    RtlInitUnicodeString(&Link, L"\\??\\LeftLink");
    RtlInitUnicodeString(&Target, L"\\Device\\Nowhere");
    assert_int_equal(IoCreateSymbolicLink(&Link, &Target), STATUS_SUCCESS);

    OBJECT_ATTRIBUTES Attributes;
    PVOID Object;
    InitializeObjectAttributes(&Attributes, &Link, OBJ_CASE_INSENSITIVE | OBJ_OPENLINK, NULL, NULL);
    assert_int_equal(ObpOpenByName(&Attributes, ObpSymbolicLinkType, 0, NULL, &Object),
                     STATUS_SUCCESS);
    Keep(Object);
    ObDereferenceObject(Object);
}

/* A handle of System's to an event, and a reference to it. */
static PVOID MakeEvent(HANDLE *Event)
{
    OBJECT_ATTRIBUTES Attributes;
    PVOID Object;
    InitializeObjectAttributes(&Attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
    assert_int_equal(ZwCreateEvent(Event, EVENT_ALL_ACCESS, &Attributes, NotificationEvent, FALSE),
                     STATUS_SUCCESS);
    assert_int_equal(ObReferenceObjectByHandle(*Event, 0, NULL, KernelMode, &Object, NULL),
                     STATUS_SUCCESS);
    Keep(Object);
    return Object;
}

static void PlantHandle(void)
{
    HANDLE Event;
    ObDereferenceObject(MakeEvent(&Event));
}

static void PlantReference(void)
{
    HANDLE Event;
    MakeEvent(&Event);
    assert_int_equal(ZwClose(Event), STATUS_SUCCESS);
}

static void check_leak(void (*Plant)(void), const char *Kind, const char *Words)
{
    unsigned Left;
    char Line[128];
    BeginCapture();
    int32_t Status = ntio_boot(NULL);
    if (Status == 0)
        Plant();
    Left = ntio_shutdown();
    EndCapture();
    assert_int_equal(Status, 0);
    if (Left == 0)
        fail_msg("a planted %s was not named", Kind);
    snprintf(Line, sizeof(Line), "ntio: left behind: %s: ", Kind);
    if (strstr(Captured, Line) == NULL || strstr(Captured, Words) == NULL)
        fail_msg("'%s' and '%s' are not in: %s", Line, Words, Captured);
    /* One line for each thing that was counted. */
    unsigned Lines = 0;
    for (const char *At = Captured; (At = strstr(At, "ntio: left behind: ")) != NULL; At++)
        Lines++;
    assert_int_equal(Lines, Left);
    /* The next boot starts afresh. */
    assert_int_equal(ntio_boot(NULL), 0);
    assert_int_equal(ntio_shutdown(), 0);
}

static void names_a_pool_block(void **state)
{
    (void)state;
    check_leak(PlantPool, "pool block", "'Leak' 123 bytes");
}

static void names_an_irp(void **state)
{
    (void)state;
    check_leak(PlantIrp, "IRP", "3");
}

static void names_an_mdl(void **state)
{
    (void)state;
    check_leak(PlantMdl, "MDL", "");
}

static void names_a_timer(void **state)
{
    (void)state;
    check_leak(PlantTimer, "timer", "set still");
}

static void names_a_symbolic_link(void **state)
{
    (void)state;
    check_leak(PlantLink, "symbolic link", "LeftLink -> \\Device\\Nowhere");
}

static void names_a_handle(void **state)
{
    (void)state;
    check_leak(PlantHandle, "handle", "Event");
}

static void names_a_reference(void **state)
{
    (void)state;
    check_leak(PlantReference, "object", "Event");
}

static void quiet_accounting_counts_all_the_same(void **state)
{
    (void)state;
    ntio_config Config = {.quiet_accounting = true};
    BeginCapture();
    int32_t Status = ntio_boot(&Config);
    PlantPool();
    unsigned Left = ntio_shutdown();
    EndCapture();
    assert_int_equal(Status, 0);
    assert_int_equal(Left, 1);
    assert_string_equal(Captured, "");
}

/* ---- the rest of ntio.h ---- */

static void program_handles_close_with_it(void **state)
{
    OBJECT_ATTRIBUTES Attributes;
    HANDLE Event;
    (void)state;
    assert_int_equal(ntio_boot(NULL), 0);
    InitializeObjectAttributes(&Attributes, NULL, 0, NULL, NULL);
    assert_int_equal(ZwCreateEvent(&Event, EVENT_ALL_ACCESS, &Attributes, NotificationEvent, FALSE),
                     STATUS_SUCCESS);
    assert_int_equal(ntio_shutdown(), 0);
}

static void processes_have_handles_of_their_own(void **state)
{
    OBJECT_ATTRIBUTES Attributes;
    HANDLE Event;
    PVOID Object;
    (void)state;
    assert_int_equal(ntio_boot(NULL), 0);
    ntio_process *Other = ntio_process_create("other");
    assert_non_null(Other);
    ntio_process_enter(Other);
    assert_string_equal(PsGetCurrentProcess()->ImageName, "other");
    InitializeObjectAttributes(&Attributes, NULL, 0, NULL, NULL);
    assert_int_equal(ZwCreateEvent(&Event, EVENT_ALL_ACCESS, &Attributes, NotificationEvent, FALSE),
                     STATUS_SUCCESS);
    assert_int_equal(ObReferenceObjectByHandle(Event, 0, NULL, UserMode, &Object, NULL),
                     STATUS_SUCCESS);
    ntio_process_enter(NULL);
    assert_string_equal(PsGetCurrentProcess()->ImageName, "program");
    PVOID Wrong;
    assert_int_equal(ObReferenceObjectByHandle(Event, 0, NULL, UserMode, &Wrong, NULL),
                     STATUS_INVALID_HANDLE);
    ntio_process_end(Other); /* closes the handle; the reference is the last one */
    assert_int_equal(ObpHandleCount(Object), 0);
    ObDereferenceObject(Object);
    /* One that nobody ended is ended by the shutdown. */
    assert_non_null(ntio_process_create("third"));
    assert_int_equal(ntio_shutdown(), 0);
}

static void counts_follow_what_is_there(void **state)
{
    ntio_counts Before, After;
    (void)state;
    assert_int_equal(ntio_boot(NULL), 0);
    ntio_get_counts(&Before);
    assert_true(Before.objects > 10 && Before.threads >= 1);
    PIRP Irp = IoAllocateIrp(2, FALSE);
    PVOID Block = ExAllocatePoolWithTag(PagedPool, 1000, 'tseT');
    PlantTimer();
    ntio_get_counts(&After);
    assert_int_equal(After.irps, Before.irps + 1);
    assert_int_equal(After.timers, Before.timers + 1);
    assert_int_equal(After.pool_blocks, Before.pool_blocks + 1);
    assert_int_equal(After.pool_bytes, Before.pool_bytes + 1000);
    KeCancelTimer(&PlantedTimer);
    ExFreePool(Block);
    IoFreeIrp(Irp);
    ntio_get_counts(&After);
    assert_int_equal(After.irps, Before.irps);
    assert_int_equal(After.timers, Before.timers);
    assert_int_equal(After.pool_blocks, Before.pool_blocks);
    assert_int_equal(ntio_shutdown(), 0);
}

static char *Print(void (*Printer)(FILE *))
{
    char *Text = NULL;
    size_t Size;
    FILE *Out = open_memstream(&Text, &Size);
    assert_non_null(Out);
    Printer(Out);
    fclose(Out);
    return Text;
}

static bool CountDevice(const ntio_device *Device, void *Context)
{
    assert_non_null(Device->instance);
    assert_non_null(Device->description);
    assert_non_null(Device->service);
    assert_non_null(Device->hardware_ids);
    ++*(int *)Context;
    return true;
}

static void printers_print(void **state)
{
    int Devices = 0;
    (void)state;
    assert_int_equal(ntio_boot(NULL), 0);
    char *Text = Print(ntio_print_objects);
    assert_non_null(strstr(Text, "Device  Directory"));
    assert_non_null(strstr(Text, "DosDevices  SymbolicLink -> \\??"));
    free(Text);
    Text = Print(ntio_print_drivers);
    assert_non_null(strstr(Text, "\\Driver\\PnpManager"));
    free(Text);
    Text = Print(ntio_print_device_tree);
    assert_true(strlen(Text) > 0);
    free(Text);
    ntio_enumerate_devices(CountDevice, &Devices);
    assert_true(Devices >= 1);
    assert_int_equal(ntio_shutdown(), 0);
}

static void *CallIn(void *Context)
{
    ntio_counts Counts;
    (void)Context;
    for (int i = 0; i < 20; i++) {
        PVOID Block = ExAllocatePoolWithTag(NonPagedPool, 64, 'tseT');
        ntio_get_counts(&Counts);
        ExFreePool(Block);
    }
    return NULL;
}

static void other_threads_come_and_go(void **state)
{
    pthread_t Threads[4];
    (void)state;
    assert_int_equal(ntio_boot(NULL), 0);
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&Threads[i], NULL, CallIn, NULL), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(Threads[i], NULL);
    assert_int_equal(ntio_shutdown(), 0);
}

int main(void)
{
    static const struct CMUnitTest Tests[] = {
        cmocka_unit_test(nothing_works_before_boot),
        cmocka_unit_test(boots_once_at_a_time),
        cmocka_unit_test(boots_and_stops_fifty_times),
        cmocka_unit_test(the_booting_thread_is_the_programs),
        cmocka_unit_test(names_a_pool_block),
        cmocka_unit_test(names_an_irp),
        cmocka_unit_test(names_an_mdl),
        cmocka_unit_test(names_a_timer),
        cmocka_unit_test(names_a_symbolic_link),
        cmocka_unit_test(names_a_handle),
        cmocka_unit_test(names_a_reference),
        cmocka_unit_test(quiet_accounting_counts_all_the_same),
        cmocka_unit_test(program_handles_close_with_it),
        cmocka_unit_test(processes_have_handles_of_their_own),
        cmocka_unit_test(counts_follow_what_is_there),
        cmocka_unit_test(printers_print),
        cmocka_unit_test(other_threads_come_and_go),
    };
    return cmocka_run_group_tests(Tests, NULL, NULL);
}
