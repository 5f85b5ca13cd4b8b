/* SPDX-License-Identifier: MIT */
#include "host.h"
#include "image.h"
#include "winhost.h"
#include "ntio.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "drivers/vhba/vhba_public.h"

#define OK(status) ((int32_t)(status) >= 0)

static const char *const drivers[] = {"vhba", "cdrom", "disk", "scsiserver", "scsiclient"};

/* Where the drivers are: NTIO_DRIVERS, beside the build's program, or below an installation's
 * prefix. */
static void add_driver_directories(void)
{
    const char *set = getenv("NTIO_DRIVERS");
    char self[PATH_MAX];
    char path[PATH_MAX + 64];
    ssize_t length;
    char *slash;

    if (set) {
        ntio_add_driver_directory(set);
        for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++) {
            snprintf(path, sizeof(path), "%s/%s", set, drivers[i]);
            if (access(path, X_OK) == 0)
                ntio_add_driver_directory(path);
        }
        return;
    }
    length = readlink("/proc/self/exe", self, sizeof(self) - 1);
    if (length <= 0)
        return;
    self[length] = '\0';
    for (int up = 0; up < 2; up++) {
        slash = strrchr(self, '/');
        if (!slash)
            return;
        *slash = '\0';
    }
    snprintf(path, sizeof(path), "%s/lib/scsinet/drivers", self);
    if (access(path, X_OK) == 0)
        ntio_add_driver_directory(path);
    for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++) {
        snprintf(path, sizeof(path), "%s/drivers/%s", self, drivers[i]);
        if (access(path, X_OK) == 0)
            ntio_add_driver_directory(path);
    }
}

int host_boot(const char *process, char *error, size_t size)
{
    ntio_config config = {.process_name = process};
    int32_t status = ntio_boot(&config);

    if (!OK(status)) {
        snprintf(error, size, "cannot start the driver host (status %08X)", (unsigned)status);
        return -1;
    }
    add_driver_directories();
    for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++) {
        status = ntio_create_service(drivers[i], NULL);
        if (!OK(status)) {
            snprintf(error, size, "cannot register the driver %s (status %08X)", drivers[i],
                     (unsigned)status);
            ntio_shutdown();
            return -1;
        }
    }
    /* Every drive, whatever its bus, goes to its class driver unless it is shared. */
    ntio_add_match("GenCdRom", "cdrom");
    ntio_add_match("SCSI\\CdRom", "cdrom");
    ntio_add_match("GenDisk", "disk");
    ntio_add_match("SCSI\\Disk", "disk");
    ntio_add_match(VHBA_HARDWARE_ID, "vhba");
    ntio_add_match(SCSICLIENT_HARDWARE_ID, SCSICLIENT_SERVICE_NAME);
    return 0;
}

unsigned host_shutdown(void)
{
    return ntio_shutdown();
}

static int start_driver(const char *name, char *error, size_t size)
{
    char reason[300] = "";
    int32_t status = ntio_start_service(name, reason, sizeof(reason));

    if (OK(status) || (uint32_t)status == 0xC000010E) /* STATUS_IMAGE_ALREADY_LOADED */
        return 0;
    if (reason[0])
        snprintf(error, size, "cannot load the driver %s: %s", name, reason);
    else
        snprintf(error, size, "cannot load the driver %s (status %08X)", name, (unsigned)status);
    return -1;
}

static int add_root_device(const char *name, const char *id, const char *driver, char *error,
                           size_t size)
{
    char instance[256];
    int32_t status;

    if (start_driver(driver, error, size) != 0)
        return -1;
    status = ntio_create_root_device(name, id, instance, sizeof(instance));
    if (OK(status))
        return 0;
    snprintf(error, size, "the device %s does not start (status %08X)", name, (unsigned)status);
    return -1;
}

int host_add_adapter(char *error, size_t size)
{
    if (start_driver("cdrom", error, size) != 0 || start_driver("disk", error, size) != 0 ||
        start_driver("scsiserver", error, size) != 0)
        return -1;
    return add_root_device("SCSINET_VHBA", VHBA_HARDWARE_ID, "vhba", error, size);
}

int host_add_bus(char *error, size_t size)
{
    if (start_driver("cdrom", error, size) != 0 || start_driver("disk", error, size) != 0)
        return -1;
    return add_root_device("SCSINET_BUS", SCSICLIENT_HARDWARE_ID, SCSICLIENT_SERVICE_NAME, error,
                           size);
}

/* ---- devices ---- */

static bool is_storage(const ntio_device *device)
{
    for (const char *const *id = device->hardware_ids; id && *id; id++)
        if (strcasecmp(*id, "GenCdRom") == 0 || strcasecmp(*id, "GenDisk") == 0)
            return true;
    return false;
}

struct listing {
    FILE *out;
    bool any;
};

static bool print_device(const ntio_device *device, void *context)
{
    struct listing *listing = context;

    if (!is_storage(device))
        return true;
    listing->any = true;
    fprintf(listing->out, "%s\n    instance  %s\n    driver    %s (%s)\n", device->hardware_ids[0],
            device->instance, device->service[0] ? device->service : "none", device->state);
    return true;
}

void host_list_devices(FILE *out)
{
    struct listing listing = {.out = out};

    ntio_pnp_settle();
    ntio_enumerate_devices(print_device, &listing);
    if (!listing.any)
        fputs("no devices\n", out);
}

struct instances {
    char **list;
    size_t count, capacity;
    bool failed;
};

static bool collect(const ntio_device *device, void *context)
{
    struct instances *instances = context;

    if (!is_storage(device))
        return true;
    if (instances->count == instances->capacity) {
        size_t capacity = instances->capacity ? instances->capacity * 2 : 16;
        char **list = realloc(instances->list, capacity * sizeof(*list));

        if (!list) {
            instances->failed = true;
            return false;
        }
        instances->list = list;
        instances->capacity = capacity;
    }
    instances->list[instances->count] = strdup(device->instance);
    instances->failed = !instances->list[instances->count];
    instances->count += !instances->failed;
    return !instances->failed;
}

static void free_instances(struct instances *instances)
{
    for (size_t i = 0; i < instances->count; i++)
        free(instances->list[i]);
    free(instances->list);
}

static bool contains(const struct instances *instances, const char *instance)
{
    for (size_t i = 0; i < instances->count; i++)
        if (strcasecmp(instances->list[i], instance) == 0)
            return true;
    return false;
}

static HANDLE open_adapter(void)
{
    char **paths = NULL;
    HANDLE adapter = INVALID_HANDLE_VALUE;

    if (OK(ntio_get_interfaces(VHBA_INTERFACE_GUID, NULL, &paths)) && paths && paths[0])
        adapter = open_interface(paths[0]);
    ntio_free_list(paths);
    return adapter;
}

static void explain_image(DWORD code, const struct image *image, char *error, size_t size)
{
    const char *path = image->path;
    struct stat info;

    switch (code) {
    case ERROR_FILE_NOT_FOUND:
    case ERROR_PATH_NOT_FOUND:
        snprintf(error, size, "there is no image '%s'", path);
        break;
    case ERROR_ACCESS_DENIED: /* Windows has no other code for a directory */
        if (stat(path, &info) == 0 && S_ISDIR(info.st_mode))
            snprintf(error, size, "'%s' is a directory, not an image", path);
        else
            snprintf(error, size, "the image '%s' may not be read", path);
        break;
    case ERROR_SHARING_VIOLATION:
        snprintf(error, size, "the image '%s' is another drive's already, and one of them writes",
                 path);
        break;
    case ERROR_UNRECOGNIZED_MEDIA:
        if (image->disk) {
            snprintf(
                error, size,
                "'%s' is neither a CD or DVD image (no volume descriptor) nor a disk image (its "
                "size is zero or no multiple of %u)",
                path, image->block_size);
            break;
        }
        snprintf(error, size,
                 "'%s' is not a whole CD or DVD image (no volume descriptor, or a size that is no "
                 "multiple of 2048)",
                 path);
        break;
    case ERROR_NO_SYSTEM_RESOURCES:
        snprintf(error, size,
                 "the image '%s' does not fit: the adapter has all the drives it can have", path);
        break;
    default:
        snprintf(error, size, "the image '%s' is refused by the adapter (error %u)", path,
                 (unsigned)code);
        break;
    }
}

static DWORD add_lun(HANDLE adapter, const struct image *image, const char *path)
{
    size_t length = strlen(path);
    size_t bytes = VHBA_ADD_LUN_HEADER + length;
    VHBA_ADD_LUN *request;
    VHBA_LUN_NUMBER number;
    DWORD error;

    if (length > VHBA_MAXIMUM_PATH)
        return ERROR_FILE_NOT_FOUND;
    request = calloc(1, bytes < sizeof(*request) ? sizeof(*request) : bytes);
    if (!request)
        return ERROR_NOT_ENOUGH_MEMORY;
    request->Size = (ULONG)bytes;
    request->Type = image->disk ? VHBA_TYPE_DISK : VHBA_TYPE_CD;
    request->BlockSize = image->block_size;
    request->Flags = image->read_only ? VHBA_READ_ONLY : 0;
    request->PathLength = (ULONG)length;
    memcpy(request->Path, path, length);
    error = control_and_wait(adapter, IOCTL_VHBA_ADD_LUN, request, bytes, &number, sizeof(number),
                             NULL);
    free(request);
    return error;
}

int host_add_image(const char *words, char *instance, size_t instance_size, char *error,
                   size_t size)
{
    struct instances before = {0};
    struct instances after = {0};
    char absolute[PATH_MAX];
    struct image image;
    HANDLE adapter;
    int result = -1;
    DWORD code;

    if (image_parse(words, &image, error, size) != 0)
        return -1;
    adapter = open_adapter();
    if (adapter == INVALID_HANDLE_VALUE) {
        snprintf(error, size, "the virtual adapter does not answer");
        return -1;
    }
    ntio_enumerate_devices(collect, &before);
    code = add_lun(adapter, &image, realpath(image.path, absolute) ? absolute : image.path);
    CloseHandle(adapter);
    if (code) {
        explain_image(code, &image, error, size);
        goto free_lists;
    }
    ntio_pnp_settle();
    ntio_enumerate_devices(collect, &after);
    snprintf(error, size, "the drive for '%s' did not appear", image.path);
    for (size_t i = 0; i < after.count; i++) {
        if (!contains(&before, after.list[i])) {
            snprintf(instance, instance_size, "%s", after.list[i]);
            result = 0;
        }
    }
free_lists:
    free_instances(&before);
    free_instances(&after);
    return result;
}
