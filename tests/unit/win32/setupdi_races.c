/* SPDX-License-Identifier: MIT */
/* Several threads list, read and change what is plugged and unplugged all the while. */
#include <initguid.h>
#include "setupdirig.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#define THINGS 4
#define ROUNDS 150

static rig_child things[THINGS];
static _Atomic int done, seen;
static HDEVINFO shared;

static void read_one(HDEVINFO set, SP_DEVINFO_DATA *data)
{
    WCHAR text[256];
    DEVPROPTYPE type;
    ULONG status, problem;
    DWORD need;
    DEVINST relative;

    (void)SetupDiGetDeviceInstanceIdW(set, data, text, 256, &need);
    (void)SetupDiGetDeviceRegistryPropertyW(set, data, SPDRP_PHYSICAL_DEVICE_OBJECT_NAME, NULL,
                                            (PBYTE)text, sizeof(text), &need);
    (void)SetupDiGetDeviceRegistryPropertyW(set, data, SPDRP_HARDWAREID, NULL, (PBYTE)text,
                                            sizeof(text), &need);
    (void)SetupDiGetDevicePropertyW(set, data, &DEVPKEY_Device_Siblings, &type, (PBYTE)text,
                                    sizeof(text), &need, 0);
    (void)CM_Get_DevNode_Status(&status, &problem, data->DevInst, 0);
    (void)CM_Get_Sibling(&relative, data->DevInst, 0);
    (void)CM_Get_Parent(&relative, data->DevInst, 0);
}

static void *lister(void *context)
{
    SP_DEVICE_INTERFACE_DATA interface = {.cbSize = sizeof(interface)};
    union {
        SP_DEVICE_INTERFACE_DETAIL_DATA_W data;
        BYTE room[512];
    } detail = {.data.cbSize = sizeof(detail.data)};
    SP_DEVINFO_DATA data = {.cbSize = sizeof(data)};
    bool interfaces = context != NULL;

    while (!atomic_load(&done)) {
        HDEVINFO set = interfaces ? SetupDiGetClassDevsW(&rig_class, NULL, NULL,
                                                         DIGCF_PRESENT | DIGCF_DEVICEINTERFACE)
                                  : SetupDiGetClassDevsW(NULL, L"TBUS", NULL,
                                                         DIGCF_ALLCLASSES | DIGCF_PRESENT);

        if (set == INVALID_HANDLE_VALUE)
            continue; /* nothing was ever plugged: no such enumerator yet */
        for (DWORD i = 0; SetupDiEnumDeviceInfo(set, i, &data); i++) {
            read_one(set, &data);
            atomic_fetch_add(&seen, 1);
        }
        for (DWORD i = 0; SetupDiEnumDeviceInterfaces(set, NULL, &rig_class, i, &interface); i++) {
            if (SetupDiGetDeviceInterfaceDetailW(set, &interface, &detail.data, sizeof(detail),
                                                 NULL, &data)) {
                HANDLE file = CreateFileW(detail.data.DevicePath, GENERIC_READ, FILE_SHARE_READ,
                                          NULL, OPEN_EXISTING, 0, NULL);
                if (file != INVALID_HANDLE_VALUE)
                    CloseHandle(file);
            }
        }
        if (!SetupDiDestroyDeviceInfoList(set))
            abort();
        /* A set that all threads use. */
        (void)SetupDiGetClassDevsExW(NULL, L"TBUS", NULL, DIGCF_ALLCLASSES, shared, NULL, NULL);
        if (SetupDiEnumDeviceInfo(shared, 0, &data)) {
            read_one(shared, &data);
            if (interfaces)
                (void)SetupDiDeleteDeviceInfo(shared, &data);
        }
    }
    return NULL;
}

static void *changer(void *context)
{
    WCHAR id[64];
    DEVINST devinst;

    (void)context;
    for (int i = 0; !atomic_load(&done); i++) {
        NtCrt__snwprintf(id, 64, L"TBUS\\Thing\\%d", i % THINGS);
        if (CM_Locate_DevNodeW(&devinst, id, CM_LOCATE_DEVNODE_NORMAL) != CR_SUCCESS)
            continue;
        (void)CM_Disable_DevNode(devinst, CM_DISABLE_UI_NOT_OK);
        (void)CM_Enable_DevNode(devinst, 0);
        (void)CM_Query_And_Remove_SubTreeW(devinst, NULL, NULL, 0, CM_REMOVE_NO_RESTART);
        (void)CM_Setup_DevNode(devinst, CM_SETUP_DEVNODE_READY);
    }
    return NULL;
}

static void listing_and_changing_against_plug_and_unplug(void **state)
{
    static const WCHAR *const ids[] = {L"0", L"1", L"2", L"3"};
    pthread_t threads[4];
    WCHAR bus[128];

    (void)state;
    rig_make_bus(bus);
    assert_status(PnpAddMatch(L"TBUS\\Thing", L"rigfunc", NULL), STATUS_SUCCESS);
    rig_silent = true;
    shared = SetupDiCreateDeviceInfoList(NULL, NULL);
    assert_int_equal(pthread_create(&threads[0], NULL, lister, NULL), 0);
    assert_int_equal(pthread_create(&threads[1], NULL, lister, &done), 0);
    assert_int_equal(pthread_create(&threads[2], NULL, lister, &done), 0);
    assert_int_equal(pthread_create(&threads[3], NULL, changer, NULL), 0);
    for (int round = 0; round < ROUNDS; round++) {
        int which = round % THINGS;

        if (things[which].present) {
            rig_unplug_later(&things[which]);
        } else {
            PnpSettle(); /* the one before has gone, unless somebody has it open */
            if (things[which].listed)
                continue;
            things[which] = rig_thing("t", ids[which]);
            rig_plug_later(&things[which]);
        }
        if (round % 5 == 0)
            PnpSettle();
    }
    atomic_store(&done, 1);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    assert_true(atomic_load(&seen) > 0);
    assert_works(SetupDiDestroyDeviceInfoList(shared));
    rig_silent = false;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(listing_and_changing_against_plug_and_unplug, rig_boot,
                                        rig_shutdown),
    };

    return cmocka_run_group_tests_name("win32 setupdi races", tests, NULL, NULL);
}
