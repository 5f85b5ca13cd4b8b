/* SPDX-License-Identifier: MIT */
/* Devices that come and go a thousand times leave nothing; and they do so while others open, close
 * and swap them. */
#include "rig.h"

#include <pthread.h>
#include <stdlib.h>

#define CHILD L"TBUS\\Thing\\1"
#define LINK  L"\\??\\TBUS#Thing#1#{6a1d2b30-5c4e-4f7a-9122-102030405060}"

static WCHAR bus_path[128];
static rig_child child;

static int boot_with_bus(void **state)
{
    static const rig_child c = {.name = "c",
                                .device_id = L"TBUS\\Thing",
                                .instance_id = L"1",
                                .hardware_ids = L"TBUS\\Thing\0",
                                .description = L"A thing",
                                .unique = true};

    if (rig_boot(state) != 0)
        return -1;
    child = c;
    rig_make_bus(bus_path);
    assert_status(PnpAddMatch(L"TBUS\\Thing", L"rigfunc", NULL), STATUS_SUCCESS);
    rig_silent = true;
    return 0;
}

static int shutdown_quietly(void **state)
{
    rig_silent = false;
    return rig_shutdown(state);
}

static void a_thousand_cycles_are_flat(void **state)
{
    ntio_counts before, after;

    (void)state;
    for (int i = 0; i < 10; i++) {
        rig_plug(&child);
        rig_unplug(&child);
    }
    ntio_get_counts(&before);
    for (int i = 0; i < 1000; i++) {
        rig_plug(&child);
        rig_unplug(&child);
    }
    ntio_get_counts(&after);
    assert_int_equal(rig_func.starts, 1010);
    assert_int_equal(rig_func.removes, 1010);
    assert_int_equal(after.irps, before.irps);
    /* Threads apart: the system starts its own when it first has something for them. */
    assert_int_equal(after.objects - after.threads, before.objects - before.threads);
    assert_int_equal(after.handles, before.handles);
    assert_int_equal(after.pool_blocks, before.pool_blocks);
    assert_int_equal(after.pool_bytes, before.pool_bytes);
}

/* ---- all at once ---- */

static _Atomic bool stop;
static _Atomic int opened, swapped;

static void *opens_and_closes(void *context)
{
    HANDLE handle;
    NTSTATUS status;

    (void)context;
    while (!stop) {
        status = rig_open(LINK, &handle);
        if (NT_SUCCESS(status)) {
            opened++;
            ZwClose(handle);
        } else if (status != STATUS_OBJECT_NAME_NOT_FOUND && status != STATUS_DELETE_PENDING &&
                   status != STATUS_NO_SUCH_DEVICE && status != STATUS_OBJECT_PATH_NOT_FOUND) {
            print_error("open: 0x%08x\n", (unsigned)status);
            abort();
        }
    }
    return NULL;
}

static void *swaps(void *context)
{
    (void)context;
    while (!stop) {
        NTSTATUS status =
            PnpSetFunctionDriver(CHILD, opened & 1 ? L"rigother" : L"rigfunc", NULL, 0);

        if (NT_SUCCESS(status))
            swapped++;
        else if (status != STATUS_NO_SUCH_DEVICE && status != STATUS_SHARING_VIOLATION) {
            print_error("swap: 0x%08x\n", (unsigned)status);
            abort();
        }
    }
    return NULL;
}

static void *looks(void *context)
{
    (void)context;
    while (!stop) {
        WCHAR *list;
        PDEVICE_NODE node = PnpFindNode(CHILD);

        if (node != NULL) {
            IoInvalidateDeviceState(node->PhysicalDeviceObject);
            PnpDereferenceNode(node);
        }
        if (NT_SUCCESS(PnpGetInterfaces(&rig_class, NULL, &list)))
            ExFreePool(list);
    }
    return NULL;
}

static void plugging_opening_and_swapping_at_once(void **state)
{
    void *(*const routines[])(void *) = {opens_and_closes, opens_and_closes, swaps, looks};
    pthread_t threads[RTL_NUMBER_OF(routines)];
    LARGE_INTEGER now, end;

    (void)state;
    stop = false;
    opened = swapped = 0;
    for (size_t i = 0; i < RTL_NUMBER_OF(routines); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, routines[i], NULL), 0);
    /* Until each has had its share; on a machine that is busy with other things, for 2 s. */
    KeQuerySystemTime(&end);
    end.QuadPart += 2 * 10000000LL;
    for (int i = 0; i < 200 || opened < 20 || swapped < 20; i++) {
        KeQuerySystemTime(&now);
        if (now.QuadPart > end.QuadPart)
            break;
        /* Unplugged, the PDO may wait for a close: the next one is another device object. */
        rig_child *one = calloc(1, sizeof(*one));

        *one = child;
        rig_plug(one);
        if (i % 3 == 0)
            (void)PnpRestartDevice(CHILD);
        rig_unplug(one);
        one->next_dead = rig_dead;
        rig_dead = one;
    }
    print_message("# %d opens, %d swaps\n", opened, swapped);
    stop = true;
    for (size_t i = 0; i < RTL_NUMBER_OF(routines); i++)
        pthread_join(threads[i], NULL);
    PnpSettle();
    assert_null(PnpFindNode(CHILD));
    assert_int_equal(rig_func.adds + rig_other.adds, rig_func.removes + rig_other.removes);
    assert_int_equal(rig_func.creates + rig_other.creates, rig_func.closes + rig_other.closes);
    while (rig_dead != NULL) {
        rig_child *one = rig_dead;

        rig_dead = one->next_dead;
        assert_false(one->listed);
        free(one);
    }
}

/* ---- unregistering while the callback runs ---- */

static KEVENT entered, released;
static _Atomic bool callback_done, done_at_return;
static PVOID registration;

static NTSTATUS NTAPI lingers(PVOID notification, PVOID context)
{
    (void)notification;
    (void)context;
    KeSetEvent(&entered, IO_NO_INCREMENT, FALSE);
    KeWaitForSingleObject(&released, Executive, KernelMode, FALSE, NULL);
    callback_done = true;
    return STATUS_SUCCESS;
}

static void *unregisters(void *context)
{
    (void)context;
    (void)IoUnregisterPlugPlayNotificationEx(registration);
    done_at_return = callback_done;
    return NULL;
}

static void unregistering_waits_for_the_callback(void **state)
{
    pthread_t thread;

    (void)state;
    KeInitializeEvent(&entered, NotificationEvent, FALSE);
    KeInitializeEvent(&released, NotificationEvent, FALSE);
    callback_done = done_at_return = false;
    assert_status(IoRegisterPlugPlayNotification(EventCategoryDeviceInterfaceChange, 0,
                                                 (PVOID)&rig_class, rig_bus.driver, lingers, NULL,
                                                 &registration),
                  STATUS_SUCCESS);
    rig_plug_later(&child);
    KeWaitForSingleObject(&entered, Executive, KernelMode, FALSE, NULL);
    assert_int_equal(pthread_create(&thread, NULL, unregisters, NULL), 0);
    KeSetEvent(&released, IO_NO_INCREMENT, FALSE);
    pthread_join(thread, NULL);
    assert_true(done_at_return);
    PnpSettle();
    rig_unplug(&child);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_thousand_cycles_are_flat, boot_with_bus,
                                        shutdown_quietly),
        cmocka_unit_test_setup_teardown(plugging_opening_and_swapping_at_once, boot_with_bus,
                                        shutdown_quietly),
        cmocka_unit_test_setup_teardown(unregistering_waits_for_the_callback, boot_with_bus,
                                        shutdown_quietly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
