/* SPDX-License-Identifier: MIT */
/* setupdirig.h - what the tests of setupdi and cfgmgr share, over the rig of pnp's tests. */
#ifndef TESTS_UNIT_WIN32_SETUPDIRIG_H
#define TESTS_UNIT_WIN32_SETUPDIRIG_H

#include "tests/unit/pnp/rig.h"
#include "ntio/win32/setupdi.h"
#include "devpkey.h"

#define ENUM       L"\\Registry\\Machine\\System\\CurrentControlSet\\Enum\\"
#define CLASS      L"\\Registry\\Machine\\System\\CurrentControlSet\\Control\\Class\\"
#define TEST_CLASS L"{4d36e965-e325-11ce-bfc1-08002be10318}"

static const GUID test_class __attribute__((unused)) = {
    0x4d36e965, 0xe325, 0x11ce, {0xbf, 0xc1, 0x08, 0x00, 0x2b, 0xe1, 0x03, 0x18}};

/* A call that fails, and why. */
#define assert_fails(call, error)                                                                  \
    do {                                                                                           \
        SetLastError(0xdead);                                                                      \
        assert_false(call);                                                                        \
        assert_int_equal(GetLastError(), (error));                                                 \
    } while (0)
#define assert_works(call)                                                                         \
    do {                                                                                           \
        if (!(call)) {                                                                             \
            print_message("# error 0x%x\n", GetLastError());                                       \
            fail_msg("%s", #call);                                                                 \
        }                                                                                          \
    } while (0)

static inline rig_child rig_thing(const char *name, const WCHAR *instance)
{
    return (rig_child){.name = name,
                       .device_id = L"TBUS\\Thing",
                       .instance_id = instance,
                       .hardware_ids = L"TBUS\\ThingRev2\0TBUS\\Thing\0",
                       .compatible_ids = L"GenThing\0",
                       .description = L"A thing",
                       .unique = true};
}

static inline DEVINST rig_devinst(const WCHAR *path)
{
    WCHAR id[MAX_DEVICE_ID_LEN];
    DEVINST devinst;

    NtCrt_wcscpy(id, path);
    assert_int_equal(CM_Locate_DevNodeW(&devinst, id, CM_LOCATE_DEVNODE_PHANTOM), CR_SUCCESS);
    return devinst;
}

/* A set with the one device, described in *data. */
static inline HDEVINFO rig_set_of(const WCHAR *path, SP_DEVINFO_DATA *data)
{
    HDEVINFO set = SetupDiCreateDeviceInfoList(NULL, NULL);

    assert_ptr_not_equal(set, INVALID_HANDLE_VALUE);
    data->cbSize = sizeof(*data);
    assert_works(SetupDiOpenDeviceInfoW(set, path, NULL, 0, data));
    return set;
}

static inline DWORD rig_count(HDEVINFO set)
{
    SP_DEVINFO_DATA data = {.cbSize = sizeof(data)};
    DWORD count = 0;

    while (SetupDiEnumDeviceInfo(set, count, &data))
        count++;
    assert_int_equal(GetLastError(), ERROR_NO_MORE_ITEMS);
    return count;
}

#endif
