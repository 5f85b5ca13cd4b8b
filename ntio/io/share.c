/* SPDX-License-Identifier: MIT */
/* share.c - sharing of one device by several opens. The caller has a lock of its own over the
 * SHARE_ACCESS. */
#include "ntio/io/iop.h"

static VOID IopNoteAccess(ACCESS_MASK DesiredAccess, ULONG DesiredShareAccess, PFILE_OBJECT File)
{
    File->ReadAccess = (DesiredAccess & (FILE_EXECUTE | FILE_READ_DATA)) != 0;
    File->WriteAccess = (DesiredAccess & (FILE_WRITE_DATA | FILE_APPEND_DATA)) != 0;
    File->DeleteAccess = (DesiredAccess & DELETE) != 0;
    if (File->ReadAccess || File->WriteAccess || File->DeleteAccess) {
        File->SharedRead = (DesiredShareAccess & FILE_SHARE_READ) != 0;
        File->SharedWrite = (DesiredShareAccess & FILE_SHARE_WRITE) != 0;
        File->SharedDelete = (DesiredShareAccess & FILE_SHARE_DELETE) != 0;
    } else { /* who only looks at attributes shares everything, and is not counted */
        File->SharedRead = File->SharedWrite = File->SharedDelete = FALSE;
    }
}

static BOOLEAN IopCounts(PFILE_OBJECT File)
{
    return File->ReadAccess || File->WriteAccess || File->DeleteAccess;
}

VOID NTAPI IoUpdateShareAccess(PFILE_OBJECT FileObject, PSHARE_ACCESS ShareAccess)
{
    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    if (!IopCounts(FileObject))
        return;
    ShareAccess->OpenCount++;
    ShareAccess->Readers += FileObject->ReadAccess;
    ShareAccess->Writers += FileObject->WriteAccess;
    ShareAccess->Deleters += FileObject->DeleteAccess;
    ShareAccess->SharedRead += FileObject->SharedRead;
    ShareAccess->SharedWrite += FileObject->SharedWrite;
    ShareAccess->SharedDelete += FileObject->SharedDelete;
}

NTSTATUS NTAPI IoCheckShareAccess(ACCESS_MASK DesiredAccess, ULONG DesiredShareAccess,
                                  PFILE_OBJECT FileObject, PSHARE_ACCESS ShareAccess,
                                  BOOLEAN Update)
{
    ULONG Opens = ShareAccess->OpenCount;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    IopNoteAccess(DesiredAccess, DesiredShareAccess, FileObject);
    if (!IopCounts(FileObject))
        return STATUS_SUCCESS;
    if ((FileObject->ReadAccess && ShareAccess->SharedRead < Opens) ||
        (FileObject->WriteAccess && ShareAccess->SharedWrite < Opens) ||
        (FileObject->DeleteAccess && ShareAccess->SharedDelete < Opens) ||
        (ShareAccess->Readers != 0 && !FileObject->SharedRead) ||
        (ShareAccess->Writers != 0 && !FileObject->SharedWrite) ||
        (ShareAccess->Deleters != 0 && !FileObject->SharedDelete))
        return STATUS_SHARING_VIOLATION;
    if (Update)
        IoUpdateShareAccess(FileObject, ShareAccess);
    return STATUS_SUCCESS;
}

VOID NTAPI IoSetShareAccess(ACCESS_MASK DesiredAccess, ULONG DesiredShareAccess,
                            PFILE_OBJECT FileObject, PSHARE_ACCESS ShareAccess)
{
    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    IopNoteAccess(DesiredAccess, DesiredShareAccess, FileObject);
    memset(ShareAccess, 0, sizeof(*ShareAccess));
    IoUpdateShareAccess(FileObject, ShareAccess);
}

VOID NTAPI IoRemoveShareAccess(PFILE_OBJECT FileObject, PSHARE_ACCESS ShareAccess)
{
    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    if (!IopCounts(FileObject))
        return;
    ShareAccess->OpenCount--;
    ShareAccess->Readers -= FileObject->ReadAccess;
    ShareAccess->Writers -= FileObject->WriteAccess;
    ShareAccess->Deleters -= FileObject->DeleteAccess;
    ShareAccess->SharedRead -= FileObject->SharedRead;
    ShareAccess->SharedWrite -= FileObject->SharedWrite;
    ShareAccess->SharedDelete -= FileObject->SharedDelete;
}
