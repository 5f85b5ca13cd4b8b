/* SPDX-License-Identifier: MIT */
/*
 * scsi_install: what the four programs do to the store, to the root-enumerated device, and to CD
 * drives that have their own driver.
 */
#include "tests/labs/lab.h"
#include "samples/scsi_install/scsi_install.h"
#include "scsinet/host.h"
#include <difxapi.h>
#include <newdev.h>

#include <unistd.h>

#define SERVER_INF  DRIVERS "/scsiserver/scsiserver.inf"
#define CLIENT_INF  DRIVERS "/scsiclient/scsiclient.inf"
#define CDROM_CLASS "{4d36e965-e325-11ce-bfc1-08002be10318}"
#define HDC_CLASS   "{4d36e96a-e325-11ce-bfc1-08002be10318}"

static int boot(void **state)
{
    (void)state;
    assert_int_equal(ntio_boot(NULL), 0);
    return 0;
}

static int shut_down(void **state)
{
    (void)state;
    assert_int_equal(ntio_shutdown(), 0);
    return 0;
}

/* A property of a device as text; "" where it has none. */
static const char *property(const char *instance, DWORD which)
{
    static char text[4][256];
    static unsigned next;
    char *to = text[next++ % 4];
    SP_DEVINFO_DATA device = {.cbSize = sizeof(device)};
    HDEVINFO set = SetupDiCreateDeviceInfoList(NULL, NULL);

    assert_ptr_not_equal(set, INVALID_HANDLE_VALUE);
    assert_true(SetupDiOpenDeviceInfoA(set, instance, NULL, 0, &device));
    if (!SetupDiGetDeviceRegistryPropertyA(set, &device, which, NULL, (BYTE *)to, sizeof(text[0]),
                                           NULL))
        to[0] = '\0';
    SetupDiDestroyDeviceInfoList(set);
    return to;
}

/* The root-enumerated device with the client's hardware ID; FALSE: there is none. */
static bool find_client(const ntio_device *device, void *context)
{
    for (const char *const *id = device->hardware_ids; *id != NULL; id++) {
        if (strcmp(*id, "VirtualSCSIBus") == 0) {
            snprintf(context, 256, "%s", device->instance);
            return false;
        }
    }
    return true;
}

static bool is_published(const char *inf)
{
    DWORD characters = 0, error = DriverPackageGetPathA(inf, NULL, &characters);

    assert_true(error == ERROR_INSUFFICIENT_BUFFER || error == ERROR_DRIVER_PACKAGE_NOT_IN_STORE);
    return error == ERROR_INSUFFICIENT_BUFFER;
}

static bool system_file(const char *below)
{
    char root[256], path[600];

    assert_int_equal(ntio_get_system_root(root, sizeof(root)), 0);
    snprintf(path, sizeof(path), "%s/%s", root, below);
    return access(path, F_OK) == 0;
}

/* ---- the client ---- */

static void client_goes_in_and_out(void **state)
{
    char instance[256] = "";
    BOOL reboot = TRUE;

    (void)state;
    assert_int_equal(client_install(CLIENT_INF, &reboot), ERROR_SUCCESS);
    assert_false(reboot);
    ntio_enumerate_devices(find_client, instance);
    assert_string_equal(instance, "Root\\VirtualSCSIBus\\0000");
    assert_string_equal(property(instance, SPDRP_SERVICE), "scsiclient");
    assert_string_equal(property(instance, SPDRP_CLASS), "HDC");
    assert_string_equal(property(instance, SPDRP_CLASSGUID), HDC_CLASS);
    assert_string_equal(property(instance, SPDRP_DRIVER), HDC_CLASS "\\0000");
    assert_string_equal(property(instance, SPDRP_DEVICEDESC), "SCSI Client");
    assert_true(is_published(CLIENT_INF));
    assert_true(system_file("System32/drivers/scsiclient.sys"));
    assert_true(system_file("INF/setupapi.dev.log"));

    /* The driver runs: its device can be found by its interface. */
    char **paths = NULL;
    assert_int_equal(ntio_get_interfaces("{5c51e402-6f0d-4c52-9a3e-0f5d3c7be002}", NULL, &paths),
                     0);
    assert_non_null(paths[0]);
    ntio_free_list(paths);

    assert_int_equal(client_uninstall(CLIENT_INF, &reboot), ERROR_SUCCESS);
    assert_false(reboot);
    instance[0] = '\0';
    ntio_enumerate_devices(find_client, instance);
    assert_string_equal(instance, "");
    assert_false(is_published(CLIENT_INF));
    assert_int_equal(DriverPackageUninstallA(CLIENT_INF, 0, NULL, &reboot),
                     ERROR_DRIVER_PACKAGE_NOT_IN_STORE);
}

/* Between the two steps of the uninstallation: class Unknown, no driver. */
static void client_device_turns_unknown(void **state)
{
    char instance[256] = "";
    BOOL reboot;

    (void)state;
    assert_int_equal(client_install(CLIENT_INF, &reboot), ERROR_SUCCESS);
    ntio_enumerate_devices(find_client, instance);
    assert_int_equal(DriverPackageUninstallA(CLIENT_INF, DRIVER_PACKAGE_FORCE, NULL, &reboot),
                     ERROR_SUCCESS);
    assert_string_equal(property(instance, SPDRP_SERVICE), "");
    assert_string_equal(property(instance, SPDRP_CLASS), "");
    assert_string_equal(property(instance, SPDRP_CLASSGUID), "");
    assert_string_equal(property(instance, SPDRP_DRIVER), "");
    assert_string_equal(property(instance, SPDRP_HARDWAREID), "VirtualSCSIBus");
}

/* ---- the server ---- */

struct drives {
    char folder[64], image[2][100], instance[2][256];
};

static void make_drives(struct drives *drives)
{
    char error[300];

    strcpy(drives->folder, "/tmp/ntio-lab-XXXXXX");
    assert_non_null(mkdtemp(drives->folder));
    if (host_boot("lab", error, sizeof(error)) != 0 || host_add_adapter(error, sizeof(error)) != 0)
        fail_msg("%s", error);
    for (unsigned i = 0; i < 2; i++) {
        static const unsigned char descriptor[] = {1, 'C', 'D', '0', '0', '1', 1};
        FILE *file;

        snprintf(drives->image[i], sizeof(drives->image[i]), "%s/%u.iso", drives->folder, i);
        file = fopen(drives->image[i], "wb");
        assert_non_null(file);
        assert_int_equal(fseek(file, 16 * 2048, SEEK_SET), 0);
        assert_int_equal(fwrite(descriptor, 1, sizeof(descriptor), file), sizeof(descriptor));
        assert_int_equal(fseek(file, 20 * 2048 - 1, SEEK_SET), 0);
        assert_int_equal(fputc(0, file), 0);
        assert_int_equal(fclose(file), 0);
        if (host_add_image(drives->image[i], drives->instance[i], sizeof(drives->instance[i]),
                           error, sizeof(error)) != 0)
            fail_msg("%s", error);
    }
}

static void end_drives(struct drives *drives)
{
    unsigned left = host_shutdown();

    for (unsigned i = 0; i < 2; i++)
        unlink(drives->image[i]);
    rmdir(drives->folder);
    assert_int_equal(left, 0);
}

/* "SCSI Server" of the class list, on one device, as the server program's Share does. */
static void bind_to(const char *instance)
{
    SP_DEVINFO_DATA device = {.cbSize = sizeof(device)};
    SP_DRVINFO_DATA_W driver = {.cbSize = sizeof(driver)};
    HDEVINFO set = SetupDiCreateDeviceInfoList(NULL, NULL);
    BOOL reboot = TRUE;

    assert_ptr_not_equal(set, INVALID_HANDLE_VALUE);
    assert_true(SetupDiOpenDeviceInfoA(set, instance, NULL, 0, &device));
    assert_true(SetupDiBuildDriverInfoList(set, &device, SPDIT_COMPATDRIVER));
    assert_true(SetupDiEnumDriverInfoW(set, &device, SPDIT_COMPATDRIVER, 0, &driver));
    assert_false(SetupDiEnumDriverInfoW(set, &device, SPDIT_COMPATDRIVER, 1, &driver));
    assert_int_equal(GetLastError(), ERROR_NO_MORE_ITEMS);
    assert_memory_equal(driver.Description, L"SCSI Server", sizeof(L"SCSI Server"));
    assert_true(SetupDiSetSelectedDriverW(set, &device, &driver));
    assert_true(DiInstallDevice(NULL, set, &device, &driver, 0, &reboot));
    assert_false(reboot);
    SetupDiDestroyDeviceInfoList(set);
}

static void server_takes_one_drive_only(void **state)
{
    struct drives drives;
    BOOL reboot = TRUE;

    (void)state;
    make_drives(&drives);
    assert_int_equal(server_install(SERVER_INF), ERROR_SUCCESS);
    assert_true(is_published(SERVER_INF));
    for (unsigned i = 0; i < 2; i++) /* preinstalled: no drive has it */
        assert_string_equal(property(drives.instance[i], SPDRP_SERVICE), "cdrom");
    /* Not better than the drive's own driver, so not installed without being forced. */
    assert_int_equal(DriverPackageInstallA(SERVER_INF, 0, NULL, &reboot), ERROR_NO_MORE_ITEMS);
    assert_string_equal(property(drives.instance[0], SPDRP_SERVICE), "cdrom");

    bind_to(drives.instance[0]);
    assert_string_equal(property(drives.instance[0], SPDRP_SERVICE), "scsiserver");
    assert_string_equal(property(drives.instance[0], SPDRP_CLASSGUID), CDROM_CLASS);
    assert_string_equal(property(drives.instance[0], SPDRP_DEVICEDESC), "SCSI Server");
    assert_string_equal(property(drives.instance[1], SPDRP_SERVICE), "cdrom");

    assert_int_equal(server_uninstall(SERVER_INF, &reboot), ERROR_SUCCESS);
    assert_false(reboot);
    assert_false(is_published(SERVER_INF));
    for (unsigned i = 0; i < 2; i++) /* the next best: its own */
        assert_string_equal(property(drives.instance[i], SPDRP_SERVICE), "cdrom");
    end_drives(&drives);
}

/* A drive that comes while the package is in the store has its own driver too. */
static void new_drive_is_not_taken(void **state)
{
    struct drives drives;
    char instance[256], error[300];

    (void)state;
    make_drives(&drives);
    assert_int_equal(server_install(SERVER_INF), ERROR_SUCCESS);
    if (host_add_image(drives.image[0], instance, sizeof(instance), error, sizeof(error)) != 0)
        fail_msg("%s", error);
    assert_string_equal(property(instance, SPDRP_SERVICE), "cdrom");
    end_drives(&drives);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(client_goes_in_and_out, boot, shut_down),
        cmocka_unit_test_setup_teardown(client_device_turns_unknown, boot, shut_down),
        cmocka_unit_test(server_takes_one_drive_only),
        cmocka_unit_test(new_drive_is_not_taken),
    };
    return cmocka_run_group_tests_name("lab scsi_install", tests, NULL, NULL);
}
