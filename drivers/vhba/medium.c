/* SPDX-License-Identifier: MIT */
/* medium.c - images as media: what counts as one, putting one into a drive and taking it out. */
#include "vhba.h"

static NTSTATUS ToStatus(enum backend_result Result)
{
    switch (Result) {
    case BACKEND_OK:
        return STATUS_SUCCESS;
    case BACKEND_NOT_FOUND:
        return STATUS_OBJECT_NAME_NOT_FOUND;
    case BACKEND_DENIED:
        return STATUS_ACCESS_DENIED;
    case BACKEND_DIRECTORY:
        return STATUS_FILE_IS_A_DIRECTORY;
    case BACKEND_NOT_A_FILE:
        return STATUS_UNRECOGNIZED_MEDIA;
    case BACKEND_BUSY:
        return STATUS_SHARING_VIOLATION;
    case BACKEND_TOO_MANY:
        return STATUS_INSUFFICIENT_RESOURCES;
    default:
        return STATUS_IO_DEVICE_ERROR;
    }
}

static BOOLEAN Is(const UCHAR *Descriptor, const CHAR *Identifier)
{
    for (ULONG i = 0; i < 5; i++)
        if (Descriptor[1 + i] != (UCHAR)Identifier[i])
            return FALSE;
    return TRUE;
}

/*
 * Volume recognition begins at block 16: ISO 9660 has CD001 in its first descriptor; UDF has an
 * extended area (BEA01 ... TEA01) there or after ISO's set (ECMA-167 part 2, clause 8). Blank space
 * up to it is allowed.
 */
static NTSTATUS Recognize(PVHBA_MEDIUM Medium)
{
    enum { First = 16, Most = 16 };
    UCHAR Descriptor[8];

    for (ULONG i = First; i < First + Most && i < Medium->Blocks; i++) {
        size_t Done = 0;
        enum backend_result Result = backend_read(&Medium->File, 1, (uint64_t)i * VHBA_BLOCK,
                                                  Descriptor, sizeof(Descriptor), &Done);
        if (Result != BACKEND_OK)
            return ToStatus(Result);
        if (Is(Descriptor, "CD001") || Is(Descriptor, "BEA01"))
            return STATUS_SUCCESS;
    }
    return STATUS_UNRECOGNIZED_MEDIA;
}

NTSTATUS VhbaOpenMedium(UCHAR Type, ULONG BlockSize, BOOLEAN ReadOnly, const CHAR *Path,
                        ULONG PathLength, PVHBA_MEDIUM *Result)
{
    PVHBA_MEDIUM Medium = NULL;
    CHAR *Name;
    uint64_t Size = 0;
    NTSTATUS Status = STATUS_INVALID_PARAMETER;

    *Result = NULL;
    if (PathLength == 0 || PathLength > VHBA_MAXIMUM_PATH)
        return STATUS_INVALID_PARAMETER;
    Name = ExAllocatePoolWithTag(PagedPool, PathLength + 1, VHBA_TAG);
    if (Name == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    RtlCopyMemory(Name, Path, PathLength);
    Name[PathLength] = 0;
    for (ULONG i = 0; i < PathLength; i++)
        if (Name[i] == 0)
            goto Exit;

    Status = STATUS_INSUFFICIENT_RESOURCES;
    Medium = ExAllocatePoolWithTag(NonPagedPool, sizeof(*Medium), VHBA_TAG);
    if (Medium == NULL)
        goto Exit;
    RtlZeroMemory(Medium, sizeof(*Medium));
    Medium->References = 1;
    Medium->File.descriptor = -1;
    Medium->BlockSize = Type == VHBA_TYPE_DISK ? BlockSize : VHBA_BLOCK;
    Status = ToStatus(Type == VHBA_TYPE_DISK ? backend_open_disk(Name, ReadOnly, &Medium->File)
                                             : backend_open(Name, &Medium->File));
    if (NT_SUCCESS(Status))
        Status = ToStatus(backend_size(&Medium->File, &Size));
    if (!NT_SUCCESS(Status))
        goto Exit;
    Medium->Blocks = Size / Medium->BlockSize;
    if (Size == 0 || Size % Medium->BlockSize != 0 ||
        (Type == VHBA_TYPE_CD && Medium->Blocks > 0xFFFFFFFF)) {
        Status = STATUS_UNRECOGNIZED_MEDIA;
        goto Exit;
    }
    if (Type == VHBA_TYPE_CD) {
        Medium->Dvd = Medium->Blocks > VHBA_CD_BLOCKS;
        Status = Recognize(Medium);
    }
Exit:
    ExFreePoolWithTag(Name, VHBA_TAG);
    if (NT_SUCCESS(Status))
        *Result = Medium;
    else if (Medium != NULL)
        VhbaDereferenceMedium(Medium);
    return Status;
}

VOID VhbaReferenceMedium(PVHBA_MEDIUM Medium)
{
    InterlockedIncrement(&Medium->References);
}

VOID VhbaDereferenceMedium(PVHBA_MEDIUM Medium)
{
    if (InterlockedDecrement(&Medium->References) != 0)
        return;
    /* Closing a local file does not wait for what was written to it; who wants that flushes. */
    backend_close(&Medium->File);
    ExFreePoolWithTag(Medium, VHBA_TAG);
}

VOID VhbaMediaEvent(PVHBA_LUN Lun, UCHAR Event)
{
    if (Lun->EventCount == VHBA_EVENTS) { /* nobody listens: the oldest goes */
        for (ULONG i = 1; i < VHBA_EVENTS; i++)
            Lun->Events[i - 1] = Lun->Events[i];
        Lun->EventCount--;
    }
    Lun->Events[Lun->EventCount++] = Event;
}

NTSTATUS VhbaChangeMedium(PVHBA_LUN Lun, PVHBA_MEDIUM Medium, BOOLEAN Force)
{
    PVHBA_MEDIUM Old;
    BOOLEAN WasLoaded;
    KIRQL OldIrql;

    KeAcquireSpinLock(&Lun->Lock, &OldIrql);
    WasLoaded = VhbaLoaded(Lun) != NULL;
    if (WasLoaded && (Lun->Prevented || Lun->PersistentPrevented)) {
        if (!Force) {
            VhbaMediaEvent(Lun, VHBA_EVENT_EJECT_REQUEST);
            KeReleaseSpinLock(&Lun->Lock, OldIrql);
            return STATUS_UNABLE_TO_UNLOAD_MEDIA;
        }
        Lun->Prevented = Lun->PersistentPrevented = FALSE;
    }
    if (Medium == NULL && Lun->Medium == NULL) {
        KeReleaseSpinLock(&Lun->Lock, OldIrql);
        return STATUS_NO_MEDIA_IN_DEVICE;
    }
    Old = Lun->Medium;
    Lun->Medium = Medium;
    Lun->TrayOpen = FALSE;
    if (WasLoaded)
        VhbaMediaEvent(Lun, VHBA_EVENT_MEDIA_REMOVAL);
    if (Medium != NULL) {
        VhbaMediaEvent(Lun, VHBA_EVENT_NEW_MEDIA);
        Lun->Attention |= VHBA_ATTENTION_MEDIUM;
    } else {
        Lun->Attention &= ~(ULONG)VHBA_ATTENTION_MEDIUM; /* of a medium that is gone again */
    }
    KeReleaseSpinLock(&Lun->Lock, OldIrql);
    if (Old != NULL)
        VhbaDereferenceMedium(Old);
    return STATUS_SUCCESS;
}
