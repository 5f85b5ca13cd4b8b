/* SPDX-License-Identifier: MIT */
/*
 * target.c - where a rename goes to.
 *
 * A file system is given the directory of the new name as an open file, whose FileName is the new
 * name alone (SL_OPEN_TARGET_DIRECTORY): so the path to it is followed as any other, through links
 * and devices. Only a name in the same directory it finds in the buffer itself.
 */
#include "ntio/io/iop.h"

NTSTATUS IopOpenTarget(PIOP_REQUEST Request, ULONG Length, HANDLE *Target)
{
    FILE_RENAME_INFORMATION *Rename = Request->Irp->AssociatedIrp.SystemBuffer;
    BOOLEAN Directory =
        Request->Stack->Parameters.SetFile.FileInformationClass == FileRenameInformation &&
        (Request->File->Flags & FO_STREAM_FILE) == 0;
    UNICODE_STRING Name;
    OBJECT_ATTRIBUTES Attributes;
    IO_STATUS_BLOCK IoStatus;
    PVOID Object;
    NTSTATUS Status;

    *Target = NULL;
    if (Rename->FileNameLength == 0 || Rename->FileNameLength % sizeof(WCHAR) != 0 ||
        Rename->FileNameLength > MAXUSHORT - sizeof(WCHAR) ||
        Rename->FileNameLength > Length - FIELD_OFFSET(FILE_RENAME_INFORMATION, FileName))
        return STATUS_INVALID_PARAMETER;
    Request->Stack->Parameters.SetFile.ReplaceIfExists = Rename->ReplaceIfExists;
    Name.Buffer = Rename->FileName;
    Name.Length = Name.MaximumLength = (USHORT)Rename->FileNameLength;
    if (Rename->RootDirectory == NULL && Name.Buffer[0] != L'\\')
        return STATUS_SUCCESS;
    InitializeObjectAttributes(&Attributes, &Name, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE,
                               Rename->RootDirectory, NULL);
    Status = IopCreateFile(
        Target, (Directory ? FILE_WRITE_DATA | FILE_APPEND_DATA : FILE_WRITE_DATA) | SYNCHRONIZE,
        &Attributes, &IoStatus, NULL, 0, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
        FILE_OPEN, FILE_OPEN_FOR_BACKUP_INTENT, NULL, 0, KernelMode, IO_OPEN_TARGET_DIRECTORY);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = ObReferenceObjectByHandle(*Target, 0, IopFileType, KernelMode, &Object, NULL);
    if (NT_SUCCESS(Status)) {
        PFILE_OBJECT File = Object;
        if (IoGetRelatedDeviceObject(File) != Request->Device)
            Status = STATUS_NOT_SAME_DEVICE;
        Request->Stack->Parameters.SetFile.FileObject = File;
        ObDereferenceObject(File); /* the handle keeps it */
    }
    if (!NT_SUCCESS(Status)) {
        ObCloseHandle(*Target, KernelMode);
        *Target = NULL;
    }
    return Status;
}
