/* SPDX-License-Identifier: MIT */
/* errno.c - the host's errors as statuses: the one place where that is decided. */
#include "ntio/fs/fsp.h"

NTSTATUS FspStatus(int Error)
{
    static const struct {
        int Error;
        NTSTATUS Status;
    } Map[] = {
        {ENOENT, STATUS_OBJECT_NAME_NOT_FOUND},
        {ENOTDIR, STATUS_OBJECT_PATH_NOT_FOUND},
        {EEXIST, STATUS_OBJECT_NAME_COLLISION},
        {EACCES, STATUS_ACCESS_DENIED},
        {EPERM, STATUS_ACCESS_DENIED},
        {EXDEV, STATUS_ACCESS_DENIED}, /* a symbolic link that leads out of the drive */
        {EBADF, STATUS_ACCESS_DENIED}, /* not open for that */
        {EROFS, STATUS_MEDIA_WRITE_PROTECTED},
        {EISDIR, STATUS_FILE_IS_A_DIRECTORY},
        {ENOTEMPTY, STATUS_DIRECTORY_NOT_EMPTY},
        {ENAMETOOLONG, STATUS_OBJECT_NAME_INVALID},
        {EILSEQ, STATUS_OBJECT_NAME_INVALID},
        {ELOOP, STATUS_REPARSE_POINT_NOT_RESOLVED},
        {ENOSPC, STATUS_DISK_FULL},
        {EDQUOT, STATUS_DISK_FULL},
        {EFBIG, STATUS_INVALID_PARAMETER}, /* beyond what a file may be, as NTFS says it */
        {EINVAL, STATUS_INVALID_PARAMETER},
        {EOVERFLOW, STATUS_INVALID_PARAMETER},
        {EMFILE, STATUS_TOO_MANY_OPENED_FILES},
        {ENFILE, STATUS_TOO_MANY_OPENED_FILES},
        {ENOMEM, STATUS_INSUFFICIENT_RESOURCES},
        {EAGAIN, STATUS_INSUFFICIENT_RESOURCES},
        {EBUSY, STATUS_SHARING_VIOLATION},
        {ETXTBSY, STATUS_SHARING_VIOLATION},
        {EMLINK, STATUS_TOO_MANY_LINKS},
        {EFAULT, STATUS_INVALID_USER_BUFFER},
        {EOPNOTSUPP, STATUS_NOT_SUPPORTED},
        {ENOSYS, STATUS_NOT_SUPPORTED},
        {ENXIO, STATUS_NO_SUCH_DEVICE},
        {ENODEV, STATUS_NO_SUCH_DEVICE},
        {ESTALE, STATUS_FILE_INVALID},
        {EIO, STATUS_IO_DEVICE_ERROR},
    };

    for (SIZE_T i = 0; i < RTL_NUMBER_OF(Map); i++)
        if (Map[i].Error == Error)
            return Map[i].Status;
    return STATUS_UNEXPECTED_IO_ERROR;
}
