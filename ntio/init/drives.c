/* SPDX-License-Identifier: MIT */
/* drives.c - ntio_map_drive, ntio_unmap_drive. */
#include "ntio/init/initp.h"
#include "ntio/fs/fs.h"

int32_t ntio_map_drive(const char *drive, const char *directory, bool read_only)
{
    if (drive == NULL || directory == NULL)
        return STATUS_INVALID_PARAMETER;
    if (!InitpIsUp())
        return STATUS_DEVICE_NOT_READY;
    return FsMapDrive(drive, directory, read_only);
}

int32_t ntio_unmap_drive(const char *drive)
{
    if (drive == NULL)
        return STATUS_INVALID_PARAMETER;
    return InitpIsUp() ? FsUnmapDrive(drive) : STATUS_DEVICE_NOT_READY;
}
