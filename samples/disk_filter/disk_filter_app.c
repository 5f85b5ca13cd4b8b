/* SPDX-License-Identifier: MIT */
/*
 * disk_filter_app.c - a disk on an image file, and the filter put into its stack in four ways:
 * below and above the disk driver, for this device and for its class. Each time the device is
 * restarted, for a stack is built when a device starts.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>
#include <winioctl.h>
#include <initguid.h>
#include <setupapi.h>

#include "disk_filter_public.h"
#include "drivers/vhba/vhba_public.h"

DEFINE_GUID(DiskInterface, 0x53f56307, 0xb6bf, 0x11d0, 0x94, 0xf2, 0x00, 0xa0, 0xc9, 0x1e, 0xfb,
            0x8b); /* GUID_DEVINTERFACE_DISK */
DEFINE_GUID(DiskClass, 0x4d36e967, 0xe325, 0x11ce, 0xbf, 0xc1, 0x08, 0x00, 0x2b, 0xe1, 0x03,
            0x18); /* GUID_DEVCLASS_DISKDRIVE */

#define IMAGE_BYTES (1024 * 1024)

static int Fail(const char *What)
{
    fprintf(stderr, "%s: error %lu\n", What, (unsigned long)GetLastError());
    return 1;
}

/* Opens the first interface of that class; Set gets the set it is in, Device its device. */
static HANDLE OpenInterface(const GUID *Class, HDEVINFO *Set, SP_DEVINFO_DATA *Device)
{
    SP_DEVICE_INTERFACE_DATA Interface = {.cbSize = sizeof(Interface)};
    union {
        SP_DEVICE_INTERFACE_DETAIL_DATA_W Detail;
        BYTE Room[2048];
    } Name = {.Detail = {.cbSize = sizeof(Name.Detail)}};
    HANDLE Handle = INVALID_HANDLE_VALUE;

    Device->cbSize = sizeof(*Device);
    *Set = SetupDiGetClassDevsW(Class, NULL, NULL, DIGCF_PRESENT | DIGCF_DEVICEINTERFACE);
    if (*Set == INVALID_HANDLE_VALUE)
        return Handle;
    if (SetupDiEnumDeviceInterfaces(*Set, NULL, Class, 0, &Interface) &&
        SetupDiGetDeviceInterfaceDetailW(*Set, &Interface, &Name.Detail, sizeof(Name), NULL,
                                         Device))
        Handle = CreateFileW(Name.Detail.DevicePath, GENERIC_READ | GENERIC_WRITE,
                             FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING, 0, NULL);
    return Handle;
}

/* A file of zeros, and a disk of the virtual adapter on it. */
static int AddDisk(const char *Path)
{
    HDEVINFO Set;
    SP_DEVINFO_DATA Device;
    HANDLE Adapter;
    FILE *File = fopen(Path, "wb");
    size_t Length = strlen(Path);
    VHBA_ADD_LUN *Lun = calloc(1, VHBA_ADD_LUN_HEADER + Length + 1);
    VHBA_LUN_NUMBER Number;
    DWORD Bytes;
    BOOL Done = FALSE;

    if (File == NULL || Lun == NULL || fseek(File, IMAGE_BYTES - 1, SEEK_SET) != 0 ||
        fputc(0, File) == EOF || fclose(File) != 0)
        return Fail("the image");
    Lun->Size = (ULONG)(VHBA_ADD_LUN_HEADER + Length);
    Lun->Type = VHBA_TYPE_DISK;
    Lun->PathLength = (ULONG)Length;
    memcpy(Lun->Path, Path, Length);
    Adapter = OpenInterface(&GUID_DEVINTERFACE_VHBA, &Set, &Device);
    if (Adapter != INVALID_HANDLE_VALUE)
        Done = DeviceIoControl(Adapter, IOCTL_VHBA_ADD_LUN, Lun, Lun->Size, &Number, sizeof(Number),
                               &Bytes, NULL);
    free(Lun);
    if (!Done)
        return Fail("the disk");
    CloseHandle(Adapter);
    SetupDiDestroyDeviceInfoList(Set);
    return 0;
}

/* What a program sees of the disk now. Expected: the error of a write; whether the filter is there.
 */
static int Look(const char *When, DWORD Expected, BOOL Filtered)
{
    static char Block[512], Back[512];
    static int Turn;
    DISK_FILTER_REPORT Report = {0};
    HDEVINFO Set;
    SP_DEVINFO_DATA Device;
    DWORD Bytes, Write = 0, Writable = 0;
    BOOL Answered, Same;
    HANDLE Disk = INVALID_HANDLE_VALUE;

    for (int Tries = 0; Tries < 500 && Disk == INVALID_HANDLE_VALUE; Tries++) {
        Disk = OpenInterface(&DiskInterface, &Set, &Device);
        if (Disk == INVALID_HANDLE_VALUE) { /* plug and play is at it */
            SetupDiDestroyDeviceInfoList(Set);
            Sleep(10);
        }
    }
    if (Disk == INVALID_HANDLE_VALUE)
        return Fail(When);
    SetupDiDestroyDeviceInfoList(Set);
    memset(Block, ++Turn, sizeof(Block));
    if (!WriteFile(Disk, Block, sizeof(Block), &Bytes, NULL))
        Write = GetLastError();
    if (!DeviceIoControl(Disk, IOCTL_DISK_IS_WRITABLE, NULL, 0, NULL, 0, &Bytes, NULL))
        Writable = GetLastError();
    SetFilePointer(Disk, 0, NULL, FILE_BEGIN);
    if (!ReadFile(Disk, Back, sizeof(Back), &Bytes, NULL))
        return Fail("reading");
    Same = memcmp(Block, Back, sizeof(Back)) == 0;
    Answered = DeviceIoControl(Disk, IOCTL_DISK_FILTER_REPORT, NULL, 0, &Report, sizeof(Report),
                               &Bytes, NULL);
    CloseHandle(Disk);
    printf("%-28s write: error %2lu, writable: error %2lu, read back: %s; ", When,
           (unsigned long)Write, (unsigned long)Writable, Same ? "what was written" : "the old");
    if (Answered)
        printf("filter: %ld reads, %ld writes, %ld commands, %ld refused, %ld edited\n",
               (long)Report.Reads, (long)Report.Writes, (long)Report.Commands, (long)Report.Refused,
               (long)Report.Edited);
    else
        printf("no filter\n");
    if (Write == Expected && Writable == Expected && Same == (Expected == 0) &&
        Answered == Filtered)
        return 0;
    fprintf(stderr, "%s: this is not what was to be seen\n", When);
    return 1;
}

/* Sets a list of filters, of the disk or (Class) of its class, and restarts the disk. NULL: none.
 */
static int SetFilters(BOOL Class, BOOL Lower, const WCHAR *Filters, DWORD Bytes)
{
    HDEVINFO Set;
    SP_DEVINFO_DATA Device;
    HANDLE Disk = OpenInterface(&DiskInterface, &Set, &Device);
    BOOL Done;

    if (Disk == INVALID_HANDLE_VALUE)
        return Fail("opening the disk");
    CloseHandle(Disk); /* a device that is open can't be restarted */
    Done = Class
               ? SetupDiSetClassRegistryPropertyW(&DiskClass,
                                                  Lower ? SPCRP_LOWERFILTERS : SPCRP_UPPERFILTERS,
                                                  (const BYTE *)Filters, Bytes, NULL, NULL)
               : SetupDiSetDeviceRegistryPropertyW(Set, &Device,
                                                   Lower ? SPDRP_LOWERFILTERS : SPDRP_UPPERFILTERS,
                                                   (const BYTE *)Filters, Bytes);
    if (Done)
        Done = SetupDiRestartDevices(Set, &Device);
    if (!Done)
        Fail("setting filters");
    SetupDiDestroyDeviceInfoList(Set);
    return !Done;
}

int main(void)
{
    static const WCHAR Filter[] = {'d', 'i', 's', 'k', '_', 'f', 'i', 'l', 't', 'e', 'r', 0, 0};
    static const struct {
        BOOL Class, Lower;
        const char *Name;
    } Ways[] = {{FALSE, TRUE, "below, for the device"},
                {TRUE, TRUE, "below, for the class"},
                {FALSE, FALSE, "above, for the device"},
                {TRUE, FALSE, "above, for the class"}};
    const char *Folder = getenv("TMPDIR");
    char Path[512];
    int Bad;

    snprintf(Path, sizeof(Path), "%s/disk_filter_%lu.img", Folder != NULL ? Folder : "/tmp",
             (unsigned long)GetCurrentProcessId());
    Bad = AddDisk(Path) || Look("without a filter", 0, FALSE);
    for (int i = 0; i < 4 && !Bad; i++)
        Bad = SetFilters(Ways[i].Class, Ways[i].Lower, Filter, sizeof(Filter)) ||
              Look(Ways[i].Name, Ways[i].Lower ? ERROR_WRITE_PROTECT : 0, TRUE) ||
              SetFilters(Ways[i].Class, Ways[i].Lower, NULL, 0) ||
              Look("  and gone again", 0, FALSE);
    remove(Path);
    return Bad;
}
