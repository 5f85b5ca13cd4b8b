/* SPDX-License-Identifier: MIT */
/*
 * hello_wdm: the package installed on a root-enumerated device; AddDevice and START in their order,
 * the FDO over the PDO, what is written where, the log, and how all of it goes again.
 */
#include "tests/labs/lab.h"
#include <initguid.h>
#include <setupapi.h>
#include <newdev.h>
#include "samples/hello_wdm/hello_wdm_public.h"

#include <unistd.h>

enum { MJ_READ = 3, MJ_PNP = 0x1b, MN_START = 0, MN_REMOVE = 2 };

static char folder[64], inf[128], image[160];

static void copy(const char *from, const char *to)
{
    FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
    static char block[65536];
    size_t count;

    assert_true(in != NULL && out != NULL);
    while ((count = fread(block, 1, sizeof(block), in)) != 0)
        assert_int_equal(fwrite(block, 1, count, out), count);
    fclose(in);
    assert_int_equal(fclose(out), 0);
}

/* The package in a folder of its own, with the driver under test as hello_wdm.sys. */
static int setup(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/ntio-lab-XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(inf, sizeof(inf), "%s/hello_wdm.inf", folder);
    snprintf(image, sizeof(image), "%s/hello_wdm.sys", folder);
    copy(SAMPLE_INF, inf);
    copy(lab_file("hello_wdm"), image);
    assert_int_equal(ntio_boot(NULL), 0);
    return 0;
}

static int teardown(void **state)
{
    unsigned left;

    (void)state;
    ntio_set_irp_trace(NULL, NULL);
    left = ntio_shutdown();
    unlink(inf);
    unlink(image);
    rmdir(folder);
    assert_int_equal(left, 0);
    return 0;
}

static char *read_file(const char *below)
{
    char root[256], path[600], *text = calloc(1, 1 << 20);
    FILE *file;

    assert_non_null(text);
    assert_int_equal(ntio_get_system_root(root, sizeof(root)), 0);
    snprintf(path, sizeof(path), "%s/%s", root, below);
    file = fopen(path, "rb");
    if (file == NULL)
        return free(text), NULL;
    (void)!fread(text, 1, (1 << 20) - 1, file);
    fclose(file);
    return text;
}

static void install(const char *name)
{
    BOOL reboot = TRUE;

    assert_non_null(lab_device(name, "ROOT\\HelloWdm"));
    if (!UpdateDriverForPlugAndPlayDevicesA(NULL, "root\\hellowdm", inf, 0, &reboot))
        fail_msg("error 0x%x", (unsigned)GetLastError());
    assert_false(reboot);
}

static const char *property(DWORD which)
{
    static char text[4][256];
    static unsigned next;
    char *to = text[next++ % 4];
    SP_DEVINFO_DATA device = {.cbSize = sizeof(device)};
    HDEVINFO set = SetupDiCreateDeviceInfoList(NULL, NULL);

    assert_true(SetupDiOpenDeviceInfoA(set, "Root\\HELLO\\0000", NULL, 0, &device));
    if (!SetupDiGetDeviceRegistryPropertyA(set, &device, which, NULL, (BYTE *)to, sizeof(text[0]),
                                           NULL))
        to[0] = '\0';
    SetupDiDestroyDeviceInfoList(set);
    return to;
}

static HANDLE open_device(void)
{
    char **paths = NULL;
    WCHAR path[512];
    size_t i;

    assert_int_equal(ntio_get_interfaces("{9d3b2a06-5c0f-4b7e-8a55-6a2f0f7c7d11}", NULL, &paths),
                     0);
    assert_non_null(paths[0]);
    for (i = 0; paths[0][i] != '\0'; i++)
        path[i] = (WCHAR)paths[0][i];
    path[i] = 0;
    ntio_free_list(paths);
    return lab_open(path, 0);
}

static void package_is_installed(void **state)
{
    WCHAR greeting[32] = {0};
    DWORD done = 0;
    HANDLE device;

    (void)state;
    install("HELLO");
    assert_string_equal(property(SPDRP_SERVICE), "hello_wdm");
    assert_string_equal(property(SPDRP_CLASS), "Sample");
    assert_string_equal(property(SPDRP_CLASSGUID), "{78a1c341-4539-11d3-b88d-00c04fad5171}");
    assert_string_equal(property(SPDRP_DRIVER), "{78a1c341-4539-11d3-b88d-00c04fad5171}\\0000");
    assert_string_equal(property(SPDRP_DEVICEDESC), "Hello WDM device");
    assert_string_equal(property(SPDRP_MFG), "ntio samples");
    device = open_device();
    assert_true(ReadFile(device, greeting, sizeof(greeting), &done, NULL));
    assert_memory_equal(greeting, L"Hello, WDM", sizeof(L"Hello, WDM"));
    assert_true(CloseHandle(device));
}

/* The strings of another language, from the same package. */
static void greeting_in_german(void **state)
{
    WCHAR greeting[32] = {0};
    DWORD done = 0;
    HANDLE device;

    (void)state;
    assert_int_equal(ntio_set_language(0x407), 0);
    install("HELLO");
    device = open_device();
    assert_true(ReadFile(device, greeting, sizeof(greeting), &done, NULL));
    assert_memory_equal(greeting, L"Hallo, WDM", sizeof(L"Hallo, WDM"));
    assert_true(CloseHandle(device));
    assert_string_equal(property(SPDRP_DEVICEDESC), "Hallo-WDM-Ger\xc3\xa4t");
}

/* START passes the FDO first and comes to the PDO below it; REMOVE likewise. */
static void device_starts_and_goes(void **state)
{
    int fdo, pdo, removed;

    (void)state;
    lab_trace_begin();
    install("HELLO");
    assert_int_equal(ntio_remove_device("Root\\HELLO\\0000", false), 0);
    lab_trace_end();
    fdo = lab_expect(0, NTIO_IRP_CALL, "hello_wdm", MJ_PNP, MN_START);
    pdo = lab_expect(fdo, NTIO_IRP_CALL, "PnpManager", MJ_PNP, MN_START);
    assert_ptr_equal(lab_event_at((unsigned)fdo)->irp, lab_event_at((unsigned)pdo)->irp);
    assert_ptr_not_equal(lab_event_at((unsigned)fdo)->device, lab_event_at((unsigned)pdo)->device);
    removed = lab_expect(pdo, NTIO_IRP_CALL, "hello_wdm", MJ_PNP, MN_REMOVE);
    lab_expect(removed, NTIO_IRP_CALL, "PnpManager", MJ_PNP, MN_REMOVE);
    assert_int_equal(lab_count(NTIO_IRP_CALL, "hello_wdm", MJ_PNP, MN_START), 1);
}

/* A second device gets the driver from the store, without a program, and its own driver key. */
static void second_device_gets_it_from_the_store(void **state)
{
    char *log;

    (void)state;
    install("OTHER");
    assert_non_null(lab_device("HELLO", "ROOT\\HelloWdm"));
    assert_string_equal(property(SPDRP_SERVICE), "hello_wdm");
    assert_string_equal(property(SPDRP_DRIVER), "{78a1c341-4539-11d3-b88d-00c04fad5171}\\0001");
    log = read_file("INF/setupapi.dev.log");
    assert_non_null(log);
    assert_non_null(strstr(log, "[Device Install - Root\\OTHER\\0000]"));
    assert_non_null(strstr(log, "[Device Install (Hardware initiated) - Root\\HELLO\\0000]"));
    assert_null(strstr(log, "FAILURE"));
    free(log);
}

static void update_says_why_not(void **state)
{
    BOOL reboot;

    (void)state;
    assert_false(UpdateDriverForPlugAndPlayDevicesA(NULL, "ROOT\\HelloWdm", inf, 0, &reboot));
    assert_int_equal(GetLastError(), ERROR_NO_SUCH_DEVINST);
    assert_false(
        UpdateDriverForPlugAndPlayDevicesA(NULL, "ROOT\\HelloWdm", "/none.inf", 0, &reboot));
    assert_int_equal(GetLastError(), ERROR_FILE_NOT_FOUND);
    assert_false(UpdateDriverForPlugAndPlayDevicesA(NULL, "ROOT\\HelloWdm", inf, 8, &reboot));
    assert_int_equal(GetLastError(), ERROR_INVALID_FLAGS);
    install("HELLO");
    assert_false(UpdateDriverForPlugAndPlayDevicesA(NULL, "ROOT\\HelloWdm", inf, 0, &reboot));
    assert_int_equal(GetLastError(), ERROR_NO_MORE_ITEMS);
    assert_true(UpdateDriverForPlugAndPlayDevicesA(NULL, "ROOT\\HelloWdm", inf, INSTALLFLAG_FORCE,
                                                   &reboot));
    assert_string_equal(property(SPDRP_SERVICE), "hello_wdm");
}

/* While it is open the device keeps its driver; the package goes, and a restart is asked for. */
static void open_device_needs_a_restart(void **state)
{
    BOOL reboot = FALSE;
    WCHAR greeting[32];
    DWORD done;
    HANDLE device;

    (void)state;
    install("HELLO");
    device = open_device();
    assert_true(DiUninstallDriverA(NULL, inf, 0, &reboot));
    assert_true(reboot);
    assert_true(ReadFile(device, greeting, sizeof(greeting), &done, NULL));
    assert_true(CloseHandle(device));
    assert_false(DiUninstallDriverA(NULL, inf, 0, &reboot));
    assert_int_equal(GetLastError(), ERROR_NOT_AN_INSTALLED_OEM_INF);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

static const struct CMUnitTest tests[] = {
    TEST(package_is_installed),   TEST(greeting_in_german),
    TEST(device_starts_and_goes), TEST(second_device_gets_it_from_the_store),
    TEST(update_says_why_not),    TEST(open_device_needs_a_restart),
};
LAB_MAIN("lab hello_wdm", tests)
