/* SPDX-License-Identifier: MIT */
/* install.c - the driver store, and drivers that are installed on devices. */
#include "tests/unit/setup/rig.h"

#include <stdio.h>

static int setup(void **state)
{
    (void)state;
    rig_setup();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rig_teardown();
    return 0;
}

static void root_path(char path[300], const char *below)
{
    char root[200];

    assert_int_equal(ntio_get_system_root(root, sizeof(root)), 0);
    snprintf(path, 300, "%s/%s", root, below);
}

static void publish(const char *name, const WCHAR *expected)
{
    BOOLEAN existed;
    WCHAR *oem;

    assert_int_equal(SetupPublish(rig_inf(name), &oem, &existed), ERROR_SUCCESS);
    assert_wide_equal(oem, expected);
    assert_false(existed);
    free(oem);
}

/* Everything that an installation writes, in every place. */
static void assert_installed(const WCHAR *path)
{
    const WCHAR *key = rig_enum(path);
    char file[300];

    assert_string(key, L"Service", L"toya");
    assert_string(key, L"ClassGUID", TOY_GUID);
    assert_string(key, L"Class", L"Toys");
    assert_string(key, L"Driver", TOY_GUID L"\\0000");
    assert_string(key, L"DeviceDesc", L"@oem0.inf,%d%;A toy (one)");
    assert_string(key, L"Mfg", L"@oem0.inf,%p%;Toy maker");
    assert_number(key, L"ConfigFlags", 0);
    assert_string(TOY_CLASS, L"Class", L"Toys");
    assert_string(TOY_CLASS, L"", L"Toys of all kinds");
    key = TOY_CLASS L"\\0000";
    assert_string(key, L"DriverDesc", L"A toy (one)");
    assert_string(key, L"ProviderName", L"Toy maker");
    assert_string(key, L"DriverDate", L"2-3-2024");
    assert_string(key, L"DriverVersion", L"1.2.3.4");
    assert_string(key, L"InfPath", L"oem0.inf");
    assert_string(key, L"InfSection", L"Install");
    assert_string(key, L"InfSectionExt", L".NT");
    assert_string(key, L"MatchingDeviceId", L"toy\\one");
    assert_string(key, L"FromPackage", L"one");
    assert_number(TOY_CLASS L"\\0000\\Sub", L"Number", 7);
    key = CCS L"Services\\toya";
    assert_number(key, L"Type", 1);
    assert_number(key, L"Start", 3);
    assert_number(key, L"ErrorControl", 1);
    assert_string(key, L"ImagePath", L"\\SystemRoot\\System32\\drivers\\toya.sys");
    assert_string(key, L"DisplayName", L"A toy (one)");
    assert_string(key, L"Owners", L"oem0.inf");
    assert_number(CCS L"Services\\toya\\Parameters", L"Level", 5);
    root_path(file, "System32/drivers/toya.sys");
    assert_true(rig_exists(file));
    root_path(file, "INF/oem0.inf");
    assert_true(rig_exists(file));
}

/* A device that waits for a driver gets it when one is installed. */
static void test_install(void **state)
{
    SETUP_DRIVER_LIST list;
    BOOLEAN reboot = TRUE;
    WCHAR path[200], below[300];
    ULONG problem;

    (void)state;
    rig_device("TOY", "toy\\one", path);
    assert_int_equal(rig_state(path, &problem), PnpNoDriver);
    assert_int_equal(problem, CM_PROB_FAILED_INSTALL);
    rig_package("one", "toya", "Toy\\One", "02/03/2024,1.2.3.4", "", "");
    assert_int_equal(SetupFindDrivers(L"toy\\one\0", NULL, rig_inf("one"), NULL, &list), 0);
    assert_int_equal(list.Count, 1);
    assert_int_equal(list.Drivers[0]->Rank, 0x80ff0000);
    assert_int_equal(SetupInstallDevice(path, list.Drivers[0], &reboot), ERROR_SUCCESS);
    assert_false(reboot);
    SetupFreeDriverList(&list);
    assert_int_equal(rig_state(path, &problem), PnpStarted);
    assert_int_equal(problem, 0);
    assert_string_equal(rig_stack(path), "toya");
    assert_installed(path);
    NtCrt_wcscpy(below, rig_enum(path));
    NtCrt_wcscat(below, L"\\Device Parameters");
    assert_number(below, L"Parameter", 3);
    assert_int_equal(SetupCurrentRank(path, NULL, NULL), 0x80ff0000);
}

/* A package that is there already when the device comes. */
static void test_device_comes(void **state)
{
    WCHAR path[200];

    (void)state;
    rig_package("one", "toya", "Toy\\One", "02/03/2024,1.2.3.4", "", "");
    publish("one", L"oem0.inf");
    rig_device("TOY", "toy\\one", path);
    assert_int_equal(rig_state(path, NULL), PnpStarted);
    assert_string_equal(rig_stack(path), "toya");
    assert_installed(path);
}

/* The plain text is what drivers and hosts see of the localised form. */
static bool find_description(const ntio_device *device, void *context)
{
    if (strncmp(device->instance, "Root\\TOY", 8) == 0)
        snprintf(context, 100, "%s", device->description);
    return true;
}

static void test_description(void **state)
{
    WCHAR path[200], wide[100];
    char text[100] = "";
    PDEVICE_NODE node;
    ULONG length;

    (void)state;
    rig_package("one", "toya", "Toy\\One", "02/03/2024,1.2.3.4", "", "");
    publish("one", L"oem0.inf");
    rig_device("TOY", "toy\\one", path);
    ntio_enumerate_devices(find_description, text);
    assert_string_equal(text, "A toy (one)");
    node = PnpFindNode(path);
    assert_int_equal(IoGetDeviceProperty(node->PhysicalDeviceObject,
                                         DevicePropertyDeviceDescription, sizeof(wide), wide,
                                         &length),
                     0);
    assert_wide_equal(wide, L"A toy (one)");
    assert_int_equal(length, sizeof(L"A toy (one)"));
    PnpDereferenceNode(node);
}

/* ---- rank ---- */

static void test_best_driver(void **state)
{
    static const struct {
        const char *name, *id, *version;
    } packages[] = {
        {"compatible", "other,toy\\one", "01/01/2030,9.0.0.0"}, /* best date, worst match */
        {"old", "toy\\one", "01/01/2020,1.0.0.0"},
        {"newer", "toy\\one", "01/01/2021,1.0.0.0"},
        {"newest", "toy\\one", "01/01/2021,1.0.0.1"},
        {"second", "toy\\one", "01/01/2021,1.0.0.0"},
    };
    static const char *const order[] = {"newest", "newer", "second", "old", "compatible"};
    SETUP_DRIVER_LIST list;
    WCHAR path[200];
    BOOLEAN existed;

    (void)state;
    for (size_t i = 0; i < RTL_NUMBER_OF(packages); i++) {
        WCHAR *oem;

        rig_package(packages[i].name, packages[i].name, packages[i].id, packages[i].version, "",
                    "");
        assert_int_equal(SetupPublish(rig_inf(packages[i].name), &oem, &existed), 0);
        free(oem);
    }
    assert_int_equal(SetupFindDrivers(L"toy\\one\0", NULL, NULL, NULL, &list), 0);
    assert_int_equal(list.Count, RTL_NUMBER_OF(order));
    for (size_t i = 0; i < RTL_NUMBER_OF(order); i++) {
        char text[100], *name = text;

        snprintf(text, sizeof(text), "A toy (%s)", order[i]);
        for (WCHAR *at = list.Drivers[i]->Description; *name != '\0'; at++, name++)
            assert_int_equal(*at, *name);
    }
    assert_int_equal(list.Drivers[4]->Rank, 0x80ff1000);
    SetupFreeDriverList(&list);
    rig_device("TOY", "toy\\one", path);
    assert_string_equal(rig_stack(path), "newest");
    /* A class's drivers, without regard to IDs. */
    assert_int_equal(SetupFindDrivers(NULL, NULL, NULL, &(GUID){0}, &list), 0);
    assert_int_equal(list.Count, 0);
}

/* What CriticalDeviceDatabase knows stands for a driver of Windows: it outranks unsigned ones. */
static void test_inbox_wins(void **state)
{
    WCHAR path[200];

    (void)state;
    rig_package("one", "toya", "Toy\\One", "02/03/2024,1.2.3.4", "", "");
    publish("one", L"oem0.inf");
    assert_true(ntio_create_service("inbox", rig_toy) >= 0);
    assert_true(ntio_add_match("toy\\one", "inbox") >= 0);
    rig_device("TOY", "toy\\one", path);
    assert_string_equal(rig_stack(path), "inbox");
    assert_int_equal(SetupCurrentRank(path, NULL, NULL), 0x0dff0000);
}

/* ---- filters ---- */

static void test_filters(void **state)
{
    static const char *const filters[] = {"lowdev", "lowclass", "updev", "upclass"};
    char extra[2048] = "[ClassReg]\nHKR,,UpperFilters,0x10000,upclass\n"
                       "HKR,,LowerFilters,0x10000,lowclass\n";
    char file[100];
    WCHAR path[200], below[300];

    (void)state;
    for (size_t i = 0; i < RTL_NUMBER_OF(filters); i++) {
        size_t length = strlen(extra);

        snprintf(extra + length, sizeof(extra) - length,
                 "[Files]\n%s.sys\n[Install.NT.Services]\nAddService=%s,,%s\n"
                 "[%s]\nServiceType=1\nStartType=3\nErrorControl=1\nServiceBinary=%%12%%\\%s.sys\n",
                 filters[i], filters[i], filters[i], filters[i], filters[i]);
    }
    rig_package("one", "toya", "Toy\\One", "02/03/2024,1.2.3.4",
                "HKR,,UpperFilters,0x10000,updev\nHKR,,\"LowerFilters\",0x10000,lowdev", extra);
    for (size_t i = 0; i < RTL_NUMBER_OF(filters); i++) {
        snprintf(file, sizeof(file), "one/%s.sys", filters[i]);
        rig_copy(rig_toy, file);
    }
    publish("one", L"oem0.inf");
    rig_device("TOY", "toy\\one", path);
    assert_string_equal(rig_stack(path), "lowdev lowclass toya updev upclass");
    assert_string(rig_enum(path), L"UpperFilters", L"updev");
    NtCrt_wcscpy(below, rig_enum(path));
    NtCrt_wcscat(below, L"\\Device Parameters");
    assert_no_value(below, L"UpperFilters");
    /* A device's own filters go with its driver. */
    assert_int_equal(SetupUnpublish(L"oem0.inf", TRUE, FALSE), ERROR_SUCCESS);
    assert_int_equal(SetupInstallDevice(path, NULL, NULL), ERROR_SUCCESS);
    assert_no_value(rig_enum(path), L"UpperFilters");
}

/* ---- the store ---- */

static void test_publish_twice(void **state)
{
    BOOLEAN existed;
    WCHAR *oem;

    (void)state;
    rig_package("one", "toya", "Toy\\One", "02/03/2024,1.2.3.4", "", "");
    publish("one", L"oem0.inf");
    assert_int_equal(SetupPublish(rig_inf("one"), &oem, &existed), ERROR_SUCCESS);
    assert_true(existed);
    assert_wide_equal(oem, L"oem0.inf");
    free(oem);
    /* The same .inf with another driver is another package. */
    rig_write("one/toya.sys", "another build");
    publish("one", L"oem1.inf");
    assert_int_equal(SetupUnpublish(L"oem0.inf", FALSE, FALSE), ERROR_SUCCESS);
    assert_int_equal(SetupUnpublish(L"OEM0.INF", FALSE, FALSE), ERROR_NOT_AN_INSTALLED_OEM_INF);
    rig_package("two", "toyb", "Toy\\Two", "02/03/2024,1.2.3.4", "", "");
    publish("two", L"oem0.inf"); /* the number is free again */
}

static void test_bad_packages(void **state)
{
    BOOLEAN existed;
    WCHAR *oem;
    char file[300];

    (void)state;
    rig_package("one", "toya", "Toy\\One", "02/03/2024,1.2.3.4", "", "");
    assert_int_equal(remove(rig_path("one/toya.sys")), 0);
    assert_int_equal(SetupPublish(rig_inf("one"), &oem, &existed), ERROR_FILE_NOT_FOUND);
    assert_null(oem);
    assert_int_equal(SetupPublish(rig_path("none.inf"), &oem, &existed), ERROR_FILE_NOT_FOUND);
    rig_write("bad.inf", "[Version]\nSignature=x\n");
    assert_int_equal(SetupPublish(rig_path("bad.inf"), &oem, &existed), ERROR_WRONG_INF_STYLE);
    rig_write("bad.inf", "[Version\n");
    assert_int_equal(SetupPublish(rig_path("bad.inf"), &oem, &existed),
                     ERROR_BAD_SECTION_NAME_LINE);
    root_path(file, "INF/oem0.inf");
    assert_false(rig_exists(file));
}

/* A package may not reach out of the folders that it was given. */
static void test_escape(void **state)
{
    static const char extra[] = "[Install.NT]\nCopyFiles=Evil\n[Evil]\n..\\..\\evil.sys,toya.sys\n";
    WCHAR path[200];

    (void)state;
    rig_package("one", "toya", "Toy\\One", "02/03/2024,1.2.3.4", "", extra);
    rig_device("TOY", "toy\\one", path);
    SETUP_DRIVER_LIST list;
    assert_int_equal(SetupFindDrivers(L"toy\\one\0", NULL, rig_inf("one"), NULL, &list), 0);
    assert_int_equal(list.Count, 1);
    assert_int_equal(SetupInstallDevice(path, list.Drivers[0], NULL), ERROR_INVALID_DATA);
    SetupFreeDriverList(&list);
    assert_int_equal(rig_state(path, NULL), PnpNoDriver);
    assert_no_value(rig_enum(path), L"Service");
}

/* A system root that is set again has its store again, and its drivers. */
static void test_second_boot(void **state)
{
    WCHAR path[200], *name;
    char *published;

    (void)state;
    assert_int_equal(ntio_set_system_root(rig_path("windows")), 0);
    assert_int_equal(ntio_set_system_root(rig_path("other")), STATUS_INVALID_DEVICE_STATE);
    rig_package("one", "toya", "Toy\\One", "02/03/2024,1.2.3.4", "", "");
    publish("one", L"oem0.inf");
    assert_int_equal(ntio_shutdown(), 0);
    assert_int_equal(ntio_boot(NULL), 0);
    assert_null(SetupPublishedPath(L"oem0.inf"));
    assert_int_equal(ntio_set_system_root(rig_path("windows")), 0);
    published = SetupFindPublished(rig_inf("one"), &name);
    assert_non_null(published);
    assert_wide_equal(name, L"oem0.inf");
    free(published);
    free(name);
    rig_device("TOY", "toy\\one", path);
    assert_string_equal(rig_stack(path), "toya");
}

/* ---- out again ---- */

static void test_uninstall(void **state)
{
    WCHAR path[200];
    char file[300];
    ULONG problem;

    (void)state;
    rig_package("one", "toya", "Toy\\One", "02/03/2024,1.2.3.4", "", "");
    publish("one", L"oem0.inf");
    rig_device("TOY", "toy\\one", path);
    assert_int_equal(SetupUnpublish(L"oem0.inf", FALSE, FALSE), ERROR_INF_IN_USE_BY_DEVICES);
    assert_int_equal(SetupUnpublish(L"oem0.inf", TRUE, TRUE), ERROR_SUCCESS);
    root_path(file, "INF/oem0.inf");
    assert_false(rig_exists(file));
    root_path(file, "System32/drivers/toya.sys");
    assert_false(rig_exists(file));
    assert_false(CmpKeyExists(CCS L"Services\\toya"));
    assert_string_equal(rig_stack(path), "toya"); /* it goes on until it is restarted */
    assert_int_equal(SetupInstallDevice(path, NULL, NULL), ERROR_SUCCESS);
    assert_int_equal(rig_state(path, &problem), PnpNoDriver);
    assert_int_equal(problem, CM_PROB_FAILED_INSTALL);
    assert_no_value(rig_enum(path), L"ClassGUID");
    assert_no_value(rig_enum(path), L"Driver");
    assert_no_value(rig_enum(path), L"Service");
    assert_false(CmpKeyExists(TOY_CLASS L"\\0000"));
    assert_true(CmpKeyExists(TOY_CLASS));
}

/* A service that was there before is not the package's to take away. */
static void test_foreign_service(void **state)
{
    WCHAR path[200];

    (void)state;
    assert_true(ntio_create_service("toya", NULL) >= 0);
    rig_package("one", "toya", "Toy\\One", "02/03/2024,1.2.3.4", "", "");
    publish("one", L"oem0.inf");
    rig_device("TOY", "toy\\one", path);
    assert_no_value(CCS L"Services\\toya", L"Owners");
    assert_int_equal(SetupUnpublish(L"oem0.inf", TRUE, FALSE), ERROR_SUCCESS);
    assert_true(CmpKeyExists(CCS L"Services\\toya"));
}

/* No service of its own: it works all the same. */
static void test_null_driver(void **state)
{
    static const char extra[] = "";
    WCHAR path[200];
    char *text, *at;

    (void)state;
    rig_package("one", "toya", "Toy\\One", "02/03/2024,1.2.3.4", "", extra);
    text = rig_read(rig_inf("one"));
    at = strstr(text, "AddService=toya,2,Service");
    assert_non_null(at);
    memcpy(at, "AddService=,2            ", 25);
    rig_write("one/one.inf", text);
    free(text);
    publish("one", L"oem0.inf");
    rig_device("TOY", "toy\\one", path);
    assert_int_equal(rig_state(path, NULL), PnpStarted);
    assert_string_equal(rig_stack(path), "");
    assert_string(rig_enum(path), L"Driver", TOY_GUID L"\\0000");
    assert_no_value(rig_enum(path), L"Service");
}

/* ---- the log ---- */

static void test_log(void **state)
{
    static const char *const lines[] = {
        "[Import Driver Package - ",
        ">>>  Section start ",
        "     sto: Published '",
        "[Device Install (Hardware initiated) - Root\\TOY\\0000]",
        "     dvi: HardwareID - toy\\one",
        "     dvi: DevDesc - A toy (one)",
        "     dvi: Section - Install.NT",
        "     dvi: Rank - 0x80ff0000",
        ("     dvi: Installing class 'Toys' "
         "{12345678-1234-1234-1234-123456789abc}"),
        "     flq: Copying '",
        "     inf: Add Service: toya",
        "<<<  Section end ",
        "<<<  [Exit status: SUCCESS]",
    };
    WCHAR path[200];
    char file[300], *text, *at;

    (void)state;
    rig_package("one", "toya", "Toy\\One", "02/03/2024,1.2.3.4", "", "");
    publish("one", L"oem0.inf");
    rig_device("TOY", "toy\\one", path);
    root_path(file, "INF/setupapi.dev.log");
    text = at = rig_read(file);
    for (size_t i = 0; i < RTL_NUMBER_OF(lines); i++) {
        at = strstr(at, lines[i]);
        if (at == NULL)
            fail_msg("no '%s' in its place in:\n%s", lines[i], text);
    }
    free(text);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_install, setup, teardown),
        cmocka_unit_test_setup_teardown(test_device_comes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_description, setup, teardown),
        cmocka_unit_test_setup_teardown(test_best_driver, setup, teardown),
        cmocka_unit_test_setup_teardown(test_inbox_wins, setup, teardown),
        cmocka_unit_test_setup_teardown(test_filters, setup, teardown),
        cmocka_unit_test_setup_teardown(test_publish_twice, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bad_packages, setup, teardown),
        cmocka_unit_test_setup_teardown(test_escape, setup, teardown),
        cmocka_unit_test_setup_teardown(test_second_boot, setup, teardown),
        cmocka_unit_test_setup_teardown(test_uninstall, setup, teardown),
        cmocka_unit_test_setup_teardown(test_foreign_service, setup, teardown),
        cmocka_unit_test_setup_teardown(test_null_driver, setup, teardown),
        cmocka_unit_test_setup_teardown(test_log, setup, teardown),
    };
    if (argc != 2)
        return 2;
    rig_toy = argv[1];
    return cmocka_run_group_tests_name("setup install", tests, NULL, NULL);
}
