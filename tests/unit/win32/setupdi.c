/* SPDX-License-Identifier: MIT */
/* Sets of devices and interfaces: which are in them, what they say, the size rules, the error
 * codes. */
#include <initguid.h>
#include "setupdirig.h"

static rig_child first, second;

/* A bus with two things of the test's class on it. */
static void make_things(WCHAR bus[128])
{
    rig_make_bus(bus);
    assert_status(CmpSetString(CLASS TEST_CLASS, L"Class", L"CDROM"), 0);
    assert_status(CmpSetString(CLASS TEST_CLASS, L"", L"Drives"), 0);
    assert_status(PnpAddMatch(L"TBUS\\Thing", L"rigfunc", &test_class), STATUS_SUCCESS);
    first = rig_thing("a", L"1");
    second = rig_thing("b", L"2");
    rig_plug(&first);
    rig_plug(&second);
    rig_clear_log();
}

static bool has(HDEVINFO set, const WCHAR *id)
{
    SP_DEVINFO_DATA data = {.cbSize = sizeof(data)};
    WCHAR text[256];

    for (DWORD i = 0; SetupDiEnumDeviceInfo(set, i, &data); i++) {
        assert_works(SetupDiGetDeviceInstanceIdW(set, &data, text, 256, NULL));
        if (NtCrt__wcsicmp(text, id) == 0)
            return true;
    }
    return false;
}

static void devices_are_found_by_class_and_enumerator(void **state)
{
    WCHAR bus[128];
    HDEVINFO set;

    (void)state;
    make_things(bus);
    set = SetupDiGetClassDevsW(&test_class, NULL, NULL, DIGCF_PRESENT);
    assert_ptr_not_equal(set, INVALID_HANDLE_VALUE);
    assert_int_equal(rig_count(set), 2);
    assert_true(has(set, L"TBUS\\Thing\\1"));
    assert_true(has(set, L"TBUS\\Thing\\2"));
    assert_works(SetupDiDestroyDeviceInfoList(set));

    set = SetupDiGetClassDevsA(NULL, "Root", NULL, DIGCF_ALLCLASSES | DIGCF_PRESENT);
    assert_int_equal(rig_count(set), 1);
    assert_true(has(set, bus));
    /* More into the same set. */
    assert_ptr_equal(
        SetupDiGetClassDevsExW(NULL, L"TBUS\\Thing\\2", NULL, DIGCF_ALLCLASSES, set, NULL, NULL),
        set);
    assert_int_equal(rig_count(set), 2);
    assert_works(SetupDiDestroyDeviceInfoList(set));

    /* One that was unplugged is a phantom. */
    rig_unplug(&second);
    set = SetupDiGetClassDevsW(&test_class, NULL, NULL, DIGCF_PRESENT);
    assert_int_equal(rig_count(set), 1);
    assert_works(SetupDiDestroyDeviceInfoList(set));
    set = SetupDiGetClassDevsW(&test_class, L"TBUS", NULL, 0);
    assert_int_equal(rig_count(set), 2);
    assert_works(SetupDiDestroyDeviceInfoList(set));
}

static void what_is_wrong_has_its_code(void **state)
{
    SP_DEVINFO_DATA data = {.cbSize = sizeof(data)}, bad = {.cbSize = 4};
    HDEVINFO set, other;
    WCHAR bus[128], text[4];
    DWORD need;
    GUID guid;

    (void)state;
    make_things(bus);
    assert_ptr_equal(SetupDiGetClassDevsW(NULL, NULL, NULL, DIGCF_PRESENT), INVALID_HANDLE_VALUE);
    assert_int_equal(GetLastError(), ERROR_INVALID_PARAMETER);
    assert_ptr_equal(SetupDiGetClassDevsW(NULL, L"NoSuch", NULL, DIGCF_ALLCLASSES),
                     INVALID_HANDLE_VALUE);
    assert_int_equal(GetLastError(), ERROR_INVALID_DATA);
    assert_ptr_equal(SetupDiGetClassDevsW(NULL, NULL, NULL, DIGCF_ALLCLASSES | 0x100),
                     INVALID_HANDLE_VALUE);
    assert_int_equal(GetLastError(), ERROR_INVALID_FLAGS);
    assert_ptr_equal(
        SetupDiGetClassDevsExW(NULL, NULL, NULL, DIGCF_ALLCLASSES, NULL, L"\\\\far", NULL),
        INVALID_HANDLE_VALUE);
    assert_int_equal(GetLastError(), ERROR_INVALID_MACHINENAME);
    assert_ptr_equal(
        SetupDiGetClassDevsW(NULL, L"Root", NULL, DIGCF_ALLCLASSES | DIGCF_DEVICEINTERFACE),
        INVALID_HANDLE_VALUE);
    assert_int_equal(GetLastError(), ERROR_INVALID_DATA);

    set = SetupDiGetClassDevsW(&test_class, NULL, NULL, DIGCF_PRESENT);
    other = SetupDiCreateDeviceInfoList(NULL, NULL);
    assert_fails(SetupDiEnumDeviceInfo(set, 0, NULL), ERROR_INVALID_PARAMETER);
    assert_fails(SetupDiEnumDeviceInfo(set, 0, &bad), ERROR_INVALID_USER_BUFFER);
    assert_fails(SetupDiEnumDeviceInfo(set, 2, &data), ERROR_NO_MORE_ITEMS);
    assert_fails(SetupDiEnumDeviceInfo(NULL, 0, &data), ERROR_INVALID_HANDLE);
    assert_fails(SetupDiEnumDeviceInfo((HDEVINFO)&data, 0, &data), ERROR_INVALID_HANDLE);
    assert_works(SetupDiEnumDeviceInfo(set, 0, &data));
    assert_fails(SetupDiGetDeviceInstanceIdW(other, &data, NULL, 0, &need),
                 ERROR_INVALID_PARAMETER);
    assert_fails(SetupDiGetDeviceInstanceIdW(set, &data, NULL, 0, &need),
                 ERROR_INSUFFICIENT_BUFFER);
    assert_int_equal(need, sizeof("TBUS\\Thing\\1"));
    assert_fails(SetupDiGetDeviceInstanceIdW(set, &data, text, 4, NULL), ERROR_INSUFFICIENT_BUFFER);
    assert_works(SetupDiGetDeviceInfoListClass(set, &guid));
    assert_memory_equal(&guid, &test_class, sizeof(guid));
    assert_fails(SetupDiGetDeviceInfoListClass(other, &guid), ERROR_NO_ASSOCIATED_CLASS);
    assert_works(SetupDiDestroyDeviceInfoList(set));
    assert_fails(SetupDiDestroyDeviceInfoList(set), ERROR_INVALID_HANDLE);
    assert_fails(SetupDiEnumDeviceInfo(set, 0, &data), ERROR_INVALID_HANDLE);
    /* A set that a program forgets goes with it: other. */
}

static void interfaces_are_found_and_opened(void **state)
{
    SP_DEVICE_INTERFACE_DATA data = {.cbSize = sizeof(data)}, opened = {.cbSize = sizeof(opened)};
    SP_DEVINFO_DATA device = {.cbSize = sizeof(device)};
    union {
        SP_DEVICE_INTERFACE_DETAIL_DATA_W wide;
        SP_DEVICE_INTERFACE_DETAIL_DATA_A narrow;
        BYTE room[512];
    } detail;
    WCHAR bus[128], id[128], path[256];
    DWORD need, again;
    HDEVINFO set;
    HANDLE file;

    (void)state;
    make_things(bus);
    set = SetupDiGetClassDevsW(&rig_class, NULL, NULL, DIGCF_PRESENT | DIGCF_DEVICEINTERFACE);
    assert_ptr_not_equal(set, INVALID_HANDLE_VALUE);
    assert_int_equal(rig_count(set), 2);
    assert_fails(SetupDiEnumDeviceInterfaces(set, NULL, &rig_class, 2, &data), ERROR_NO_MORE_ITEMS);
    assert_fails(SetupDiEnumDeviceInterfaces(set, NULL, &test_class, 0, &data),
                 ERROR_NO_MORE_ITEMS);
    assert_works(SetupDiEnumDeviceInterfaces(set, NULL, &rig_class, 1, &data));
    assert_int_equal(data.Flags, SPINT_ACTIVE);
    assert_memory_equal(&data.InterfaceClassGuid, &rig_class, sizeof(GUID));

    /* The size first, as everybody does it. */
    assert_fails(SetupDiGetDeviceInterfaceDetailW(set, &data, NULL, 0, &need, &device),
                 ERROR_INSUFFICIENT_BUFFER);
    assert_works(SetupDiGetDeviceInstanceIdW(set, &device, id, 128, NULL));
    assert_wide(id, L"TBUS\\Thing\\2");
    assert_fails(SetupDiGetDeviceInterfaceDetailW(set, &data, NULL, 10, &again, NULL),
                 ERROR_INVALID_USER_BUFFER);
    detail.wide.cbSize = need; /* the common mistake */
    assert_fails(SetupDiGetDeviceInterfaceDetailW(set, &data, &detail.wide, need, NULL, NULL),
                 ERROR_INVALID_USER_BUFFER);
    detail.wide.cbSize = sizeof(detail.wide);
    assert_int_equal(sizeof(detail.wide), 8);
    assert_fails(SetupDiGetDeviceInterfaceDetailW(set, &data, &detail.wide, need - 1, &again, NULL),
                 ERROR_INSUFFICIENT_BUFFER);
    assert_int_equal(again, need);
    assert_works(SetupDiGetDeviceInterfaceDetailW(set, &data, &detail.wide, need, NULL, NULL));
    assert_int_equal(need, 4 + (NtCrt_wcslen(detail.wide.DevicePath) + 1) * sizeof(WCHAR));
    assert_int_equal(NtCrt_wcsncmp(detail.wide.DevicePath, L"\\\\?\\TBUS#Thing#2#{", 18), 0);
    NtCrt_wcscpy(path, detail.wide.DevicePath);

    file = CreateFileW(path, GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
    assert_ptr_not_equal(file, INVALID_HANDLE_VALUE);
    assert_int_equal(rig_func.creates, 1);
    assert_true(CloseHandle(file));

    assert_fails(SetupDiGetDeviceInterfaceDetailA(set, &data, NULL, 0, &need, NULL),
                 ERROR_INSUFFICIENT_BUFFER);
    detail.narrow.cbSize = sizeof(detail.narrow);
    assert_works(SetupDiGetDeviceInterfaceDetailA(set, &data, &detail.narrow, need, NULL, NULL));
    assert_int_equal(need, 4 + strlen(detail.narrow.DevicePath) + 1);
    for (size_t i = 0; path[i] != 0; i++)
        assert_int_equal((WCHAR) * (detail.narrow.DevicePath + i), path[i]);
    assert_works(SetupDiDestroyDeviceInfoList(set));

    /* By name into an empty set. */
    set = SetupDiCreateDeviceInfoList(NULL, NULL);
    assert_works(SetupDiOpenDeviceInterfaceW(set, path, 0, &opened));
    assert_works(SetupDiOpenDeviceInterfaceA(set, detail.narrow.DevicePath, DIODI_NO_ADD, &opened));
    assert_int_equal(rig_count(set), 1);
    assert_fails(SetupDiOpenDeviceInterfaceW(set, L"\\\\?\\nothing#here", 0, &opened),
                 ERROR_NO_SUCH_DEVICE_INTERFACE);
    assert_works(SetupDiDeleteDeviceInterfaceData(set, &opened));
    assert_fails(SetupDiGetDeviceInterfaceDetailW(set, &opened, NULL, 0, NULL, NULL),
                 ERROR_INVALID_PARAMETER);
    assert_works(SetupDiDestroyDeviceInfoList(set));

    /* One that is not enabled is there without DIGCF_PRESENT only. */
    rig_unplug(&second);
    set = SetupDiGetClassDevsW(&rig_class, NULL, NULL, DIGCF_PRESENT | DIGCF_DEVICEINTERFACE);
    assert_int_equal(rig_count(set), 1);
    assert_works(SetupDiDestroyDeviceInfoList(set));
    set = SetupDiGetClassDevsW(&rig_class, L"TBUS\\Thing\\2", NULL, DIGCF_DEVICEINTERFACE);
    assert_works(SetupDiEnumDeviceInterfaces(set, NULL, &rig_class, 0, &data));
    assert_int_equal(data.Flags, 0);
    assert_int_equal(rig_count(set), 1);
    assert_works(SetupDiDestroyDeviceInfoList(set));
}

static void the_default_interface_is_the_class_key_s(void **state)
{
    static const WCHAR key[] = L"\\Registry\\Machine\\System\\CurrentControlSet\\Control\\"
                               L"DeviceClasses\\{6a1d2b30-5c4e-4f7a-9122-102030405060}";
    SP_DEVICE_INTERFACE_DATA data = {.cbSize = sizeof(data)};
    WCHAR bus[128], name[128];
    HDEVINFO set;

    (void)state;
    make_things(bus);
    set = SetupDiGetClassDevsW(&rig_class, NULL, NULL, DIGCF_DEVICEINTERFACE | DIGCF_DEFAULT);
    assert_int_equal(rig_count(set), 0);
    assert_works(SetupDiDestroyDeviceInfoList(set));
    NtCrt_wcscpy(name, L"\\\\?\\TBUS#Thing#1#{6a1d2b30-5c4e-4f7a-9122-102030405060}");
    assert_status(CmpSetString(key, L"Default", name), 0);
    set = SetupDiGetClassDevsW(&rig_class, NULL, NULL, DIGCF_DEVICEINTERFACE | DIGCF_DEFAULT);
    assert_int_equal(rig_count(set), 1);
    assert_works(SetupDiEnumDeviceInterfaces(set, NULL, &rig_class, 0, &data));
    assert_int_equal(data.Flags, SPINT_ACTIVE | SPINT_DEFAULT);
    assert_works(SetupDiDestroyDeviceInfoList(set));
}

static void registry_properties_are_read_and_written(void **state)
{
    SP_DEVINFO_DATA data;
    WCHAR bus[128], text[128];
    char narrow[128];
    DWORD type, need, value;
    HDEVINFO set;

    (void)state;
    make_things(bus);
    set = rig_set_of(L"TBUS\\Thing\\1", &data);
    assert_memory_equal(&data.ClassGuid, &test_class, sizeof(GUID));
    assert_fails(
        SetupDiGetDeviceRegistryPropertyW(set, &data, SPDRP_DEVICEDESC, NULL, NULL, 0, &need),
        ERROR_INSUFFICIENT_BUFFER);
    assert_int_equal(need, sizeof(L"A thing"));
    assert_works(SetupDiGetDeviceRegistryPropertyW(set, &data, SPDRP_DEVICEDESC, &type, (PBYTE)text,
                                                   sizeof(text), NULL));
    assert_int_equal(type, REG_SZ);
    assert_wide(text, L"A thing");
    assert_works(SetupDiGetDeviceRegistryPropertyA(set, &data, SPDRP_HARDWAREID, &type,
                                                   (PBYTE)narrow, sizeof(narrow), &need));
    assert_int_equal(type, REG_MULTI_SZ);
    assert_int_equal(need, sizeof("TBUS\\ThingRev2\0TBUS\\Thing\0"));
    assert_memory_equal(narrow, "TBUS\\ThingRev2\0TBUS\\Thing\0", need);
    assert_fails(
        SetupDiGetDeviceRegistryPropertyW(set, &data, SPDRP_FRIENDLYNAME, NULL, NULL, 0, &need),
        ERROR_INVALID_DATA);
    assert_fails(
        SetupDiGetDeviceRegistryPropertyW(set, &data, SPDRP_MAXIMUM_PROPERTY, NULL, NULL, 0, &need),
        ERROR_INVALID_REG_PROPERTY);
    assert_fails(
        SetupDiGetDeviceRegistryPropertyW(set, &data, SPDRP_DEVICEDESC, NULL, NULL, 8, &need),
        ERROR_INVALID_USER_BUFFER);
    assert_works(SetupDiGetDeviceRegistryPropertyW(set, &data, SPDRP_ADDRESS, &type, (PBYTE)&value,
                                                   sizeof(value), NULL));
    assert_int_equal(type, REG_DWORD);
    assert_int_equal(value, 7);
    assert_works(SetupDiGetDeviceRegistryPropertyW(set, &data, SPDRP_CAPABILITIES, NULL,
                                                   (PBYTE)&value, sizeof(value), NULL));
    assert_int_equal(value, CM_DEVCAP_EJECTSUPPORTED | CM_DEVCAP_REMOVABLE | CM_DEVCAP_UNIQUEID |
                                CM_DEVCAP_SURPRISEREMOVALOK);
    assert_works(SetupDiGetDeviceRegistryPropertyW(set, &data, SPDRP_REMOVAL_POLICY, NULL,
                                                   (PBYTE)&value, sizeof(value), NULL));
    assert_int_equal(value, CM_REMOVAL_POLICY_EXPECT_SURPRISE_REMOVAL);
    assert_works(SetupDiGetDeviceRegistryPropertyW(set, &data, SPDRP_ENUMERATOR_NAME, NULL,
                                                   (PBYTE)text, sizeof(text), NULL));
    assert_wide(text, L"TBUS");
    assert_works(SetupDiGetDeviceRegistryPropertyW(set, &data, SPDRP_PHYSICAL_DEVICE_OBJECT_NAME,
                                                   NULL, (PBYTE)text, sizeof(text), NULL));
    assert_int_equal(NtCrt_wcsncmp(text, L"\\Device\\", 8), 0);

    assert_works(SetupDiSetDeviceRegistryPropertyW(set, &data, SPDRP_FRIENDLYNAME,
                                                   (const BYTE *)L"My thing", 18));
    assert_works(SetupDiGetDeviceRegistryPropertyA(set, &data, SPDRP_FRIENDLYNAME, NULL,
                                                   (PBYTE)narrow, sizeof(narrow), &need));
    assert_string_equal(narrow, "My thing");
    assert_works(SetupDiSetDeviceRegistryPropertyA(set, &data, SPDRP_FRIENDLYNAME,
                                                   (const BYTE *)"Other", 6));
    assert_works(SetupDiGetDeviceRegistryPropertyW(set, &data, SPDRP_FRIENDLYNAME, NULL,
                                                   (PBYTE)text, sizeof(text), NULL));
    assert_wide(text, L"Other");
    assert_works(SetupDiSetDeviceRegistryPropertyW(set, &data, SPDRP_FRIENDLYNAME, NULL, 0));
    assert_fails(
        SetupDiGetDeviceRegistryPropertyW(set, &data, SPDRP_FRIENDLYNAME, NULL, NULL, 0, &need),
        ERROR_INVALID_DATA);
    /* Not terminated, the wrong size, not to be set. */
    assert_fails(
        SetupDiSetDeviceRegistryPropertyW(set, &data, SPDRP_UPPERFILTERS, (const BYTE *)L"abc", 8),
        ERROR_INVALID_DATA);
    assert_fails(SetupDiSetDeviceRegistryPropertyW(set, &data, SPDRP_CONFIGFLAGS, (PBYTE)&value, 2),
                 ERROR_INVALID_DATA);
    assert_fails(SetupDiSetDeviceRegistryPropertyW(set, &data, SPDRP_ADDRESS, (PBYTE)&value, 4),
                 ERROR_INVALID_REG_PROPERTY);
    assert_fails(SetupDiSetDeviceRegistryPropertyW(set, &data, SPDRP_CLASS, (const BYTE *)L"X", 4),
                 ERROR_INVALID_REG_PROPERTY);
    assert_works(SetupDiDestroyDeviceInfoList(set));
}

DEFINE_DEVPROPKEY(own_key, 0x12345678, 0x1111, 0x2222, 1, 2, 3, 4, 5, 6, 7, 8, 40);

static void keyed_properties_are_read_and_written(void **state)
{
    SP_DEVICE_INTERFACE_DATA interface = {.cbSize = sizeof(interface)};
    SP_DEVINFO_DATA data;
    WCHAR bus[128], text[128];
    DEVPROPKEY keys[64];
    DEVPROPTYPE type;
    DWORD need, value;
    HDEVINFO set;
    GUID guid;
    bool found = false;

    (void)state;
    make_things(bus);
    set = rig_set_of(L"TBUS\\Thing\\1", &data);
    assert_works(SetupDiGetDevicePropertyW(set, &data, &DEVPKEY_Device_InstanceId, &type,
                                           (PBYTE)text, sizeof(text), &need, 0));
    assert_int_equal(type, DEVPROP_TYPE_STRING);
    assert_wide(text, L"TBUS\\Thing\\1");
    assert_works(SetupDiGetDevicePropertyW(set, &data, &DEVPKEY_Device_ClassGuid, &type,
                                           (PBYTE)&guid, sizeof(guid), &need, 0));
    assert_int_equal(type, DEVPROP_TYPE_GUID);
    assert_memory_equal(&guid, &test_class, sizeof(guid));
    assert_works(SetupDiGetDevicePropertyW(set, &data, &DEVPKEY_Device_Parent, &type, (PBYTE)text,
                                           sizeof(text), &need, 0));
    assert_wide(text, bus);
    assert_works(SetupDiGetDevicePropertyW(set, &data, &DEVPKEY_Device_Siblings, &type, (PBYTE)text,
                                           sizeof(text), &need, 0));
    assert_int_equal(type, DEVPROP_TYPE_STRING_LIST);
    assert_memory_equal(text, L"TBUS\\Thing\\2\0", need);
    assert_works(SetupDiGetDevicePropertyW(set, &data, &DEVPKEY_NAME, &type, (PBYTE)text,
                                           sizeof(text), &need, 0));
    assert_wide(text, L"A thing");
    assert_works(SetupDiGetDevicePropertyW(set, &data, &DEVPKEY_Device_DevNodeStatus, &type,
                                           (PBYTE)&value, sizeof(value), &need, 0));
    assert_true(value & DN_STARTED);
    assert_fails(SetupDiGetDevicePropertyW(set, &data, &DEVPKEY_Device_FriendlyName, &type, NULL, 0,
                                           &need, 0),
                 ERROR_NOT_FOUND);
    assert_int_equal(type, DEVPROP_TYPE_EMPTY);
    assert_fails(SetupDiGetDevicePropertyW(set, &data, &DEVPKEY_NAME, &type, NULL, 0, &need, 1),
                 ERROR_INVALID_FLAGS);
    assert_fails(SetupDiGetDevicePropertyW(set, &data, &DEVPKEY_NAME, &type, NULL, 0, &need, 0),
                 ERROR_INSUFFICIENT_BUFFER);
    assert_int_equal(need, sizeof(L"A thing"));

    /* One of nobody's but the test's; a driver reads what a program has set. */
    value = 42;
    assert_works(SetupDiSetDevicePropertyW(set, &data, &own_key, DEVPROP_TYPE_UINT32, (PBYTE)&value,
                                           sizeof(value), 0));
    value = 0;
    assert_status(
        IoGetDevicePropertyData(first.pdo, &own_key, 0, 0, sizeof(value), &value, &need, &type),
        STATUS_SUCCESS);
    assert_int_equal(value, 42);
    assert_works(SetupDiGetDevicePropertyW(set, &data, &own_key, &type, (PBYTE)&value,
                                           sizeof(value), &need, 0));
    assert_int_equal(type, DEVPROP_TYPE_UINT32);
    assert_works(SetupDiGetDevicePropertyKeys(set, &data, keys, 64, &need, 0));
    for (DWORD i = 0; i < need; i++)
        found = found || memcmp(&keys[i], &own_key, sizeof(own_key)) == 0;
    assert_true(found);
    assert_fails(SetupDiGetDevicePropertyKeys(set, &data, keys, need - 1, &value, 0),
                 ERROR_INSUFFICIENT_BUFFER);
    assert_int_equal(value, need);
    assert_works(SetupDiSetDevicePropertyW(set, &data, &own_key, DEVPROP_TYPE_EMPTY, NULL, 0, 0));
    assert_fails(SetupDiGetDevicePropertyW(set, &data, &own_key, &type, NULL, 0, &need, 0),
                 ERROR_NOT_FOUND);
    assert_fails(SetupDiSetDevicePropertyW(set, &data, &DEVPKEY_Device_InstanceId,
                                           DEVPROP_TYPE_STRING, (PBYTE)text, 4, 0),
                 ERROR_INVALID_REG_PROPERTY);
    assert_works(SetupDiDestroyDeviceInfoList(set));

    set = SetupDiGetClassDevsW(&rig_class, NULL, NULL, DIGCF_DEVICEINTERFACE | DIGCF_PRESENT);
    assert_works(SetupDiEnumDeviceInterfaces(set, NULL, &rig_class, 0, &interface));
    assert_works(SetupDiGetDeviceInterfacePropertyW(set, &interface,
                                                    &DEVPKEY_DeviceInterface_ClassGuid, &type,
                                                    (PBYTE)&guid, sizeof(guid), &need, 0));
    assert_memory_equal(&guid, &rig_class, sizeof(guid));
    assert_fails(SetupDiGetDeviceInterfacePropertyW(set, &interface, &DEVPKEY_NAME, &type, NULL, 0,
                                                    &need, 0),
                 ERROR_NOT_FOUND);
    assert_works(SetupDiDestroyDeviceInfoList(set));
}

static void classes_have_names_and_keys(void **state)
{
    GUID list[8], none = {1, 2, 3, {4}};
    WCHAR bus[128], text[32];
    char narrow[32];
    DWORD need, type;
    HKEY key;

    (void)state;
    make_things(bus);
    assert_works(SetupDiClassGuidsFromNameW(L"cdrom", list, 8, &need));
    assert_int_equal(need, 1);
    assert_memory_equal(&list[0], &test_class, sizeof(GUID));
    assert_fails(SetupDiClassGuidsFromNameA("CDROM", NULL, 0, &need), ERROR_INSUFFICIENT_BUFFER);
    assert_int_equal(need, 1);
    assert_works(SetupDiClassGuidsFromNameW(L"NoSuch", NULL, 0, &need));
    assert_int_equal(need, 0);
    assert_works(SetupDiClassNameFromGuidW(&test_class, text, 32, &need));
    assert_wide(text, L"CDROM");
    assert_works(SetupDiClassNameFromGuidA(&test_class, narrow, 32, &need));
    assert_string_equal(narrow, "CDROM");
    assert_fails(SetupDiClassNameFromGuidW(&test_class, text, 3, &need), ERROR_INSUFFICIENT_BUFFER);
    assert_int_equal(need, 6);
    assert_fails(SetupDiClassNameFromGuidW(&none, text, 32, &need), ERROR_INVALID_CLASS);
    assert_works(SetupDiGetClassDescriptionW(&test_class, text, 32, NULL));
    assert_wide(text, L"Drives");
    assert_works(SetupDiBuildClassInfoList(0, list, 8, &need));
    assert_status(CmpSetString(CLASS TEST_CLASS, L"NoInstallClass", L"1"), 0);
    assert_works(SetupDiBuildClassInfoList(DIBCI_NOINSTALLCLASS, list, 8, &type));
    assert_int_equal(type, need - 1);

    assert_fails(SetupDiGetClassRegistryPropertyW(&test_class, SPCRP_UPPERFILTERS, NULL, NULL, 0,
                                                  &need, NULL, NULL),
                 ERROR_INVALID_DATA);
    assert_fails(SetupDiGetClassRegistryPropertyW(&none, SPCRP_UPPERFILTERS, NULL, NULL, 0, &need,
                                                  NULL, NULL),
                 ERROR_INVALID_CLASS);
    assert_works(SetupDiSetClassRegistryPropertyA(&test_class, SPCRP_LOWERFILTERS,
                                                  (const BYTE *)"riglower\0", 10, NULL, NULL));
    assert_works(SetupDiGetClassRegistryPropertyW(&test_class, SPCRP_LOWERFILTERS, &type,
                                                  (PBYTE)text, sizeof(text), &need, NULL, NULL));
    assert_int_equal(type, REG_MULTI_SZ);
    assert_memory_equal(text, L"riglower\0", 20);

    key = SetupDiOpenClassRegKey(&test_class, KEY_READ);
    assert_ptr_not_equal(key, INVALID_HANDLE_VALUE);
    assert_true(CloseHandle((HANDLE)key));
    assert_ptr_equal(SetupDiOpenClassRegKey(&none, KEY_READ), INVALID_HANDLE_VALUE);
    assert_int_equal(GetLastError(), ERROR_INVALID_CLASS);
    assert_ptr_equal(SetupDiOpenClassRegKeyExW(&none, KEY_READ, DIOCR_INTERFACE, NULL, NULL),
                     INVALID_HANDLE_VALUE);
    assert_int_equal(GetLastError(), ERROR_NO_SUCH_INTERFACE_CLASS);
}

static void keys_of_devices_are_opened_and_made(void **state)
{
    SP_DEVINFO_DATA data;
    WCHAR bus[128];
    HDEVINFO set;
    HKEY key;

    (void)state;
    make_things(bus);
    set = rig_set_of(L"TBUS\\Thing\\1", &data);
    assert_ptr_equal(SetupDiOpenDevRegKey(set, &data, DICS_FLAG_GLOBAL, 0, DIREG_DEV, KEY_READ),
                     INVALID_HANDLE_VALUE);
    assert_int_equal(GetLastError(), ERROR_KEY_DOES_NOT_EXIST);
    key = SetupDiCreateDevRegKeyW(set, &data, DICS_FLAG_GLOBAL, 0, DIREG_DEV, NULL, NULL);
    assert_ptr_not_equal(key, INVALID_HANDLE_VALUE);
    assert_true(CloseHandle((HANDLE)key));
    assert_true(CmpKeyExists(ENUM L"TBUS\\Thing\\1\\Device Parameters"));
    key = SetupDiOpenDevRegKey(set, &data, DICS_FLAG_GLOBAL, 0, DIREG_DEV, KEY_READ);
    assert_ptr_not_equal(key, INVALID_HANDLE_VALUE);
    assert_true(CloseHandle((HANDLE)key));
    key = SetupDiOpenDevRegKey(set, &data, DICS_FLAG_GLOBAL, 0, DIREG_DRV, KEY_READ);
    assert_ptr_not_equal(key, INVALID_HANDLE_VALUE); /* the device has a class and a driver */
    assert_true(CloseHandle((HANDLE)key));
    assert_works(SetupDiDeleteDevRegKey(set, &data, DICS_FLAG_GLOBAL, 0, DIREG_BOTH));
    assert_false(CmpKeyExists(ENUM L"TBUS\\Thing\\1\\Device Parameters"));
    assert_ptr_equal(SetupDiOpenDevRegKey(set, &data, DICS_FLAG_GLOBAL, 0, DIREG_DRV, KEY_READ),
                     INVALID_HANDLE_VALUE);
    assert_int_equal(GetLastError(), ERROR_KEY_DOES_NOT_EXIST);
    assert_ptr_equal(SetupDiOpenDevRegKey(set, &data, 99, 0, DIREG_DRV, KEY_READ),
                     INVALID_HANDLE_VALUE);
    assert_int_equal(GetLastError(), ERROR_INVALID_FLAGS);
    assert_ptr_equal(
        SetupDiOpenDevRegKey(set, &data, DICS_FLAG_CONFIGSPECIFIC, 2, DIREG_DEV, KEY_READ),
        INVALID_HANDLE_VALUE);
    assert_int_equal(GetLastError(), ERROR_INVALID_HWPROFILE);
    assert_works(SetupDiDestroyDeviceInfoList(set));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, rig_boot, rig_shutdown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(devices_are_found_by_class_and_enumerator),
        TEST(what_is_wrong_has_its_code),
        TEST(interfaces_are_found_and_opened),
        TEST(the_default_interface_is_the_class_key_s),
        TEST(registry_properties_are_read_and_written),
        TEST(keyed_properties_are_read_and_written),
        TEST(classes_have_names_and_keys),
        TEST(keys_of_devices_are_opened_and_made),
    };

    return cmocka_run_group_tests_name("win32 setupdi", tests, NULL, NULL);
}
