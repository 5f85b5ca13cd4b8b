/* SPDX-License-Identifier: MIT */
/* Devices made, changed and removed through a set; filters by device and by class, from one restart
 * to the next. */
#include "setupdirig.h"

static rig_child thing;

static void make_thing(void)
{
    WCHAR bus[128];

    rig_make_bus(bus);
    assert_status(CmpSetString(CLASS TEST_CLASS, L"Class", L"CDROM"), 0);
    assert_status(PnpAddMatch(L"TBUS\\Thing", L"rigfunc", &test_class), STATUS_SUCCESS);
    thing = rig_thing("c", L"1");
    rig_plug(&thing);
    rig_clear_log();
}

static DWORD change(HDEVINFO set, SP_DEVINFO_DATA *data, DWORD what, DWORD scope)
{
    SP_PROPCHANGE_PARAMS params = {
        .ClassInstallHeader = {sizeof(params.ClassInstallHeader), DIF_PROPERTYCHANGE},
        .StateChange = what,
        .Scope = scope};

    assert_works(
        SetupDiSetClassInstallParamsW(set, data, &params.ClassInstallHeader, sizeof(params)));
    return SetupDiCallClassInstaller(DIF_PROPERTYCHANGE, set, data) ? 0 : GetLastError();
}

static DWORD flags_of(HDEVINFO set, SP_DEVINFO_DATA *data)
{
    SP_DEVINSTALL_PARAMS_W params = {.cbSize = sizeof(params)};

    assert_works(SetupDiGetDeviceInstallParamsW(set, data, &params));
    return params.Flags;
}

static void a_device_is_made_registered_and_removed(void **state)
{
    SP_DEVINFO_DATA data = {.cbSize = sizeof(data)}, other = {.cbSize = sizeof(other)};
    GUID wrong = {1, 2, 3, {4}};
    WCHAR id[128];
    HDEVINFO set;

    (void)state;
    assert_status(CmpSetString(CLASS TEST_CLASS, L"Class", L"CDROM"), 0);
    assert_status(PnpAddMatch(L"Root\\Made", L"rigfunc", &test_class), STATUS_SUCCESS);
    set = SetupDiCreateDeviceInfoList(&test_class, NULL);
    assert_fails(
        SetupDiCreateDeviceInfoW(set, L"MADE", &wrong, NULL, NULL, DICD_GENERATE_ID, &data),
        ERROR_CLASS_MISMATCH);
    assert_fails(
        SetupDiCreateDeviceInfoW(set, L"A\\B", &test_class, NULL, NULL, DICD_GENERATE_ID, &data),
        ERROR_INVALID_DEVINST_NAME);
    assert_fails(SetupDiCreateDeviceInfoW(set, L"MADE", &test_class, NULL, NULL, 0, &data),
                 ERROR_INVALID_DEVINST_NAME);
    assert_works(SetupDiCreateDeviceInfoW(set, L"MADE", &test_class, L"Made here", NULL,
                                          DICD_GENERATE_ID, &data));
    assert_works(SetupDiGetDeviceInstanceIdW(set, &data, id, 128, NULL));
    assert_wide(id, L"Root\\MADE\\0000");
    assert_fails(
        SetupDiCreateDeviceInfoW(set, L"Root\\MADE\\0000", &test_class, NULL, NULL, 0, NULL),
        ERROR_DEVINST_ALREADY_EXISTS);
    /* A second that is never registered, and goes with the set. */
    assert_works(
        SetupDiCreateDeviceInfoA(set, "MADE", &test_class, NULL, NULL, DICD_GENERATE_ID, &other));
    assert_true(CmpKeyExists(ENUM L"Root\\MADE\\0001"));
    assert_ptr_equal(SetupDiOpenDevRegKey(set, &data, DICS_FLAG_GLOBAL, 0, DIREG_DRV, KEY_READ),
                     INVALID_HANDLE_VALUE);
    assert_int_equal(GetLastError(), ERROR_DEVINFO_NOT_REGISTERED);
    assert_fails(SetupDiRemoveDevice(set, &data), ERROR_DEVINFO_NOT_REGISTERED);
    assert_int_equal(rig_state(id), PnpRemoved); /* no device yet */

    assert_works(SetupDiSetDeviceRegistryPropertyW(set, &data, SPDRP_HARDWAREID,
                                                   (const BYTE *)L"Root\\Made\0", 22));
    assert_works(SetupDiCallClassInstaller(DIF_REGISTERDEVICE, set, &data));
    rig_assert_log("func ADD root|func START root");
    assert_int_equal(rig_state(id), PnpStarted);
    assert_works(SetupDiCallClassInstaller(DIF_REGISTERDEVICE, set, &data)); /* it is already */
    rig_assert_log("");
    assert_fails(SetupDiCallClassInstaller(DIF_ALLOW_INSTALL, set, &data), ERROR_DI_DO_DEFAULT);

    assert_works(SetupDiCallClassInstaller(DIF_REMOVE, set, &data));
    rig_assert_log("func QUERY_REMOVE root|func REMOVE root|func UNLOAD");
    assert_false(CmpKeyExists(ENUM L"Root\\MADE\\0000"));
    assert_false(CmpKeyExists(CLASS TEST_CLASS L"\\0000"));
    assert_fails(SetupDiRemoveDevice(set, &data), ERROR_NO_SUCH_DEVINST);
    assert_fails(
        SetupDiGetDeviceRegistryPropertyW(set, &data, SPDRP_DEVICEDESC, NULL, NULL, 0, NULL),
        ERROR_NO_SUCH_DEVINST);
    assert_works(SetupDiDestroyDeviceInfoList(set));
    assert_false(CmpKeyExists(ENUM L"Root\\MADE\\0001"));
}

static void a_device_in_use_is_removed_later(void **state)
{
    SP_DEVINFO_DATA data;
    ULONG status, problem;
    WCHAR path[128];
    HDEVINFO set;
    HANDLE file;

    (void)state;
    assert_status(PnpCreateRootDevice(L"RIG", L"Root\\A\0", L"rigfunc", path, 128), STATUS_SUCCESS);
    assert_status(rig_open_device(rig_pdo_of(path), &file), STATUS_SUCCESS);
    rig_clear_log();
    set = rig_set_of(path, &data);
    assert_works(SetupDiRemoveDevice(set, &data));
    rig_assert_log("func QUERY_REMOVE root|func CANCEL_REMOVE root");
    assert_true(flags_of(set, &data) & DI_NEEDREBOOT);
    assert_int_equal(CM_Get_DevNode_Status(&status, &problem, data.DevInst, 0), CR_SUCCESS);
    assert_true(status & DN_WILL_BE_REMOVED);
    assert_true(status & DN_STARTED);
    ZwClose(file);
    assert_works(SetupDiRemoveDevice(set, &data));
    rig_assert_log("func QUERY_REMOVE root|func REMOVE root|func UNLOAD");
    assert_works(SetupDiDestroyDeviceInfoList(set));
}

static void parameters_are_checked(void **state)
{
    SP_PROPCHANGE_PARAMS params = {.ClassInstallHeader = {sizeof(params.ClassInstallHeader),
                                                          DIF_PROPERTYCHANGE},
                                   .StateChange = DICS_START,
                                   .Scope = DICS_FLAG_GLOBAL},
                         got = {.ClassInstallHeader = {.cbSize = sizeof(got.ClassInstallHeader)}};
    SP_DEVINFO_DATA data;
    HDEVINFO set;
    DWORD need;

    (void)state;
    make_thing();
    set = rig_set_of(L"TBUS\\Thing\\1", &data);
    assert_fails(SetupDiChangeState(set, &data), ERROR_NO_CLASSINSTALL_PARAMS);
    assert_fails(SetupDiGetClassInstallParamsW(set, &data, NULL, 0, &need),
                 ERROR_NO_CLASSINSTALL_PARAMS);
    assert_fails(
        SetupDiSetClassInstallParamsW(set, &data, &params.ClassInstallHeader, sizeof(params)),
        ERROR_INVALID_PARAMETER); /* starting is a profile's matter */
    params.StateChange = 9;
    assert_fails(
        SetupDiSetClassInstallParamsW(set, &data, &params.ClassInstallHeader, sizeof(params)),
        ERROR_INVALID_PARAMETER);
    params.StateChange = DICS_DISABLE;
    assert_fails(SetupDiSetClassInstallParamsW(set, &data, &params.ClassInstallHeader, 4),
                 ERROR_INVALID_PARAMETER);
    params.ClassInstallHeader.cbSize = sizeof(params);
    assert_fails(
        SetupDiSetClassInstallParamsW(set, &data, &params.ClassInstallHeader, sizeof(params)),
        ERROR_INVALID_USER_BUFFER);
    params.ClassInstallHeader.cbSize = sizeof(params.ClassInstallHeader);
    assert_works(
        SetupDiSetClassInstallParamsW(set, &data, &params.ClassInstallHeader, sizeof(params)));
    assert_true(flags_of(set, &data) & DI_CLASSINSTALLPARAMS);
    assert_works(
        SetupDiGetClassInstallParamsA(set, &data, &got.ClassInstallHeader, sizeof(got), &need));
    assert_int_equal(need, sizeof(params));
    assert_memory_equal(&got, &params, sizeof(got));
    assert_works(SetupDiSetClassInstallParamsW(set, &data, NULL, 0));
    assert_false(flags_of(set, &data) & DI_CLASSINSTALLPARAMS);
    assert_fails(SetupDiChangeState(set, &data), ERROR_NO_CLASSINSTALL_PARAMS);
    rig_assert_log("");
    assert_works(SetupDiDestroyDeviceInfoList(set));
}

static void a_device_is_disabled_and_enabled(void **state)
{
    ULONG status, problem;
    SP_DEVINFO_DATA data;
    HDEVINFO set;

    (void)state;
    make_thing();
    set = rig_set_of(L"TBUS\\Thing\\1", &data);
    assert_int_equal(change(set, &data, DICS_DISABLE, DICS_FLAG_GLOBAL), 0);
    rig_assert_log("func QUERY_REMOVE c|pdo QUERY_REMOVE c|func REMOVE c|pdo REMOVE c|func UNLOAD");
    assert_int_equal(CM_Get_DevNode_Status(&status, &problem, data.DevInst, 0), CR_SUCCESS);
    assert_int_equal(problem, CM_PROB_DISABLED);
    assert_true(status & DN_HAS_PROBLEM);
    assert_false(status & DN_STARTED);
    /* Neither a restart nor being plugged in again brings it back. */
    assert_int_equal(change(set, &data, DICS_PROPCHANGE, DICS_FLAG_GLOBAL), 0);
    rig_unplug(&thing);
    rig_plug(&thing);
    assert_int_equal(rig_problem(L"TBUS\\Thing\\1", NULL), CM_PROB_DISABLED);
    rig_clear_log();
    assert_int_equal(change(set, &data, DICS_ENABLE, DICS_FLAG_GLOBAL), 0);
    rig_assert_log("func ADD c|func START c|pdo START c");
    assert_int_equal(rig_problem(L"TBUS\\Thing\\1", NULL), 0);

    /* The same for the current hardware profile alone. */
    assert_int_equal(change(set, &data, DICS_STOP, DICS_FLAG_CONFIGSPECIFIC), 0);
    rig_assert_log("func QUERY_REMOVE c|pdo QUERY_REMOVE c|func REMOVE c|pdo REMOVE c|func UNLOAD");
    assert_int_equal(change(set, &data, DICS_START, DICS_FLAG_CONFIGSPECIFIC), 0);
    rig_assert_log("func ADD c|func START c|pdo START c");

    /* Who says that it must not be disabled is not. */
    rig_func.state = PNP_DEVICE_NOT_DISABLEABLE;
    IoInvalidateDeviceState(thing.pdo);
    PnpSettle();
    assert_int_equal(change(set, &data, DICS_DISABLE, DICS_FLAG_GLOBAL), ERROR_NOT_DISABLEABLE);
    rig_assert_log("");
    assert_int_equal(rig_state(L"TBUS\\Thing\\1"), PnpStarted);
    assert_works(SetupDiDestroyDeviceInfoList(set));
}

static void a_refused_change_holds_from_the_next_start(void **state)
{
    SP_DEVINFO_DATA data;
    HDEVINFO set;

    (void)state;
    make_thing();
    rig_func.query_remove = STATUS_UNSUCCESSFUL;
    set = rig_set_of(L"TBUS\\Thing\\1", &data);
    assert_int_equal(change(set, &data, DICS_DISABLE, DICS_FLAG_GLOBAL), 0);
    assert_true(flags_of(set, &data) & DI_NEEDREBOOT);
    assert_int_equal(rig_state(L"TBUS\\Thing\\1"), PnpStarted);
    rig_unplug(&thing);
    rig_plug(&thing);
    assert_int_equal(rig_problem(L"TBUS\\Thing\\1", NULL), CM_PROB_DISABLED);
    assert_works(SetupDiDestroyDeviceInfoList(set));
}

/* SPDRP_UPPERFILTERS and SPCRP_LOWERFILTERS: nothing until the restart, gone after the next. */
static void filters_come_and_go_with_restarts(void **state)
{
    SP_DEVINFO_DATA data;
    HDEVINFO set;

    (void)state;
    make_thing();
    set = rig_set_of(L"TBUS\\Thing\\1", &data);
    assert_works(SetupDiSetDeviceRegistryPropertyW(set, &data, SPDRP_UPPERFILTERS,
                                                   (const BYTE *)L"rigupper\0", 20));
    assert_works(SetupDiSetClassRegistryPropertyW(&test_class, SPCRP_LOWERFILTERS,
                                                  (const BYTE *)L"riglower\0", 20, NULL, NULL));
    rig_assert_log("");
    assert_int_equal(rig_upper.adds, 0);
    assert_int_equal(change(set, &data, DICS_PROPCHANGE, DICS_FLAG_GLOBAL), 0);
    rig_assert_log("func QUERY_REMOVE c|pdo QUERY_REMOVE c|func REMOVE c|pdo REMOVE c|"
                   "lower ADD c|func ADD c|upper ADD c|"
                   "upper START c|func START c|lower START c|pdo START c");
    assert_false(flags_of(set, &data) & DI_NEEDREBOOT);
    /* Taken away: still there until the next restart. */
    assert_works(SetupDiSetDeviceRegistryPropertyW(set, &data, SPDRP_UPPERFILTERS, NULL, 0));
    assert_works(
        SetupDiSetClassRegistryPropertyW(&test_class, SPCRP_LOWERFILTERS, NULL, 0, NULL, NULL));
    rig_assert_log("");
    assert_int_equal(rig_upper.removes, 0);
    assert_works(SetupDiRestartDevices(set, NULL));
    rig_assert_log("upper QUERY_REMOVE c|func QUERY_REMOVE c|lower QUERY_REMOVE c|"
                   "pdo QUERY_REMOVE c|upper REMOVE c|func REMOVE c|lower REMOVE c|pdo REMOVE c|"
                   "func ADD c|func START c|pdo START c|upper UNLOAD|lower UNLOAD");
    assert_works(SetupDiDestroyDeviceInfoList(set));
}

/* The same by class above and by device below. */
static void filters_of_the_other_sides(void **state)
{
    SP_DEVINFO_DATA data;
    HDEVINFO set;

    (void)state;
    make_thing();
    set = rig_set_of(L"TBUS\\Thing\\1", &data);
    assert_works(SetupDiSetClassRegistryPropertyW(&test_class, SPCRP_UPPERFILTERS,
                                                  (const BYTE *)L"rigupper\0", 20, NULL, NULL));
    assert_works(SetupDiSetDeviceRegistryPropertyA(set, &data, SPDRP_LOWERFILTERS,
                                                   (const BYTE *)"riglower\0", 10));
    assert_int_equal(change(set, &data, DICS_PROPCHANGE, DICS_FLAG_GLOBAL), 0);
    assert_int_equal(rig_upper.starts, 1);
    assert_int_equal(rig_lower.starts, 1);
    /* A filter that is not there is the device's problem; taken away, the device is well again. */
    assert_works(SetupDiSetDeviceRegistryPropertyA(set, &data, SPDRP_LOWERFILTERS,
                                                   (const BYTE *)"nosuch\0", 8));
    assert_int_equal(change(set, &data, DICS_PROPCHANGE, DICS_FLAG_GLOBAL), 0);
    assert_int_equal(rig_problem(L"TBUS\\Thing\\1", NULL), CM_PROB_DRIVER_SERVICE_KEY_INVALID);
    assert_works(SetupDiSetDeviceRegistryPropertyA(set, &data, SPDRP_LOWERFILTERS, NULL, 0));
    assert_int_equal(change(set, &data, DICS_PROPCHANGE, DICS_FLAG_GLOBAL), 0);
    assert_int_equal(rig_problem(L"TBUS\\Thing\\1", NULL), 0);
    assert_int_equal(rig_lower.starts, 1);
    assert_works(SetupDiDestroyDeviceInfoList(set));
}

static void another_class_takes_the_driver_key_away(void **state)
{
    static const WCHAR other[] = L"{36fc9e60-c465-11cf-8056-444553540000}";
    SP_DEVINFO_DATA data;
    WCHAR text[64];
    HDEVINFO set;

    (void)state;
    make_thing();
    assert_true(CmpKeyExists(CLASS TEST_CLASS L"\\0000"));
    NtCrt_wcscpy(text, CLASS);
    assert_status(CmpSetString(L"\\Registry\\Machine\\System\\CurrentControlSet\\Control\\Class\\"
                               L"{36fc9e60-c465-11cf-8056-444553540000}",
                               L"Class", L"USB"),
                  0);
    set = rig_set_of(L"TBUS\\Thing\\1", &data);
    assert_works(SetupDiSetDeviceRegistryPropertyW(set, &data, SPDRP_CLASSGUID, (const BYTE *)other,
                                                   sizeof(other)));
    assert_false(CmpKeyExists(CLASS TEST_CLASS L"\\0000"));
    assert_works(SetupDiGetDeviceRegistryPropertyW(set, &data, SPDRP_CLASS, NULL, (PBYTE)text,
                                                   sizeof(text), NULL));
    assert_wide(text, L"USB");
    assert_fails(SetupDiGetDeviceRegistryPropertyW(set, &data, SPDRP_DRIVER, NULL, NULL, 0, NULL),
                 ERROR_INVALID_DATA);
    assert_works(SetupDiDestroyDeviceInfoList(set));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, rig_boot, rig_shutdown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_device_is_made_registered_and_removed),
        TEST(a_device_in_use_is_removed_later),
        TEST(parameters_are_checked),
        TEST(a_device_is_disabled_and_enabled),
        TEST(a_refused_change_holds_from_the_next_start),
        TEST(filters_come_and_go_with_restarts),
        TEST(filters_of_the_other_sides),
        TEST(another_class_takes_the_driver_key_away),
    };

    return cmocka_run_group_tests_name("win32 setupdi install", tests, NULL, NULL);
}
