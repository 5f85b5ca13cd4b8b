/* SPDX-License-Identifier: MIT */
/* The size of the medium: READ CAPACITY, SBC-3 5.15 and 5.16. */
#include "classlib.h"

UCHAR ClassCapacityCdb(UCHAR *Cdb, BOOLEAN Long)
{
    RtlZeroMemory(Cdb, 16);
    if (!Long) {
        Cdb[0] = SCSIOP_READ_CAPACITY;
        return 10;
    }
    Cdb[0] = SCSIOP_READ_CAPACITY16;
    Cdb[1] = SERVICE_ACTION_READ_CAPACITY16;
    Cdb[13] = CLASS_CAPACITY_LENGTH(TRUE);
    return 16;
}

NTSTATUS ClassGetCapacity(PCLASS_DEVICE Device, ULONG64 *Blocks, ULONG *BlockSize)
{
    BOOLEAN Valid;
    KIRQL Irql;

    KeAcquireSpinLock(&Device->Lock, &Irql);
    Valid = Device->CapacityValid;
    *Blocks = Device->Blocks;
    *BlockSize = Device->BlockSize;
    KeReleaseSpinLock(&Device->Lock, Irql);
    return Valid ? STATUS_SUCCESS : ClassReadCapacity(Device, Blocks, BlockSize);
}

NTSTATUS ClassNoteCapacity(PCLASS_DEVICE Device, const UCHAR *Data, BOOLEAN Long, ULONG Change,
                           ULONG64 *Blocks, ULONG *BlockSize)
{
    ULONG64 Last = Long ? (ULONG64)ClassBe32(Data) << 32 | ClassBe32(Data + 4) : ClassBe32(Data);
    /* CD drives are known to report 2,352 or nothing for odd discs; what they read is 2,048. */
    ULONG Size = Device->OnlyBlock != 0 ? Device->OnlyBlock : ClassBe32(Data + (Long ? 8 : 4));
    KIRQL Irql;

    if (!Long && Last == 0xFFFFFFFF && Device->OnlyBlock == 0)
        return STATUS_MORE_ENTRIES;
    if (Size < 512 || Size > 65536 || (Size & (Size - 1)) != 0 ||
        Last >= (ULONG64)0x7FFFFFFFFFFFFFFF / Size)
        return STATUS_UNRECOGNIZED_MEDIA;
    KeAcquireSpinLock(&Device->Lock, &Irql);
    Device->Blocks = Last + 1;
    Device->BlockSize = Size;
    /* Where a change was noticed meanwhile (by this very command, it may be) the next one asks once
     * more. */
    Device->CapacityValid = Device->MediaChange == Change;
    KeReleaseSpinLock(&Device->Lock, Irql);
    *Blocks = Last + 1;
    *BlockSize = Size;
    return STATUS_SUCCESS;
}

static NTSTATUS Read(PCLASS_DEVICE Device, BOOLEAN Long, PUCHAR Data, ULONG64 *Blocks,
                     ULONG *BlockSize)
{
    CLASS_COMMAND Command = {
        .TimeOut = CLASS_TIMEOUT, .Length = CLASS_CAPACITY_LENGTH(Long), .Buffer = Data};
    ULONG Change = ClassMediaChangeCount(Device);
    NTSTATUS Status;

    Command.CdbLength = ClassCapacityCdb(Command.Cdb, Long);
    Status = ClassSendCommand(Device, &Command);
    if (NT_SUCCESS(Status) && Command.Transferred < (Long ? 12 : Command.Length))
        Status = STATUS_IO_DEVICE_ERROR;
    return NT_SUCCESS(Status) ? ClassNoteCapacity(Device, Data, Long, Change, Blocks, BlockSize)
                              : Status;
}

NTSTATUS ClassReadCapacity(PCLASS_DEVICE Device, ULONG64 *Blocks, ULONG *BlockSize)
{
    PUCHAR Data = ExAllocatePoolWithTag(NonPagedPoolNx, 32, CLASS_TAG);
    NTSTATUS Status;

    if (Data == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    Status = Read(Device, FALSE, Data, Blocks, BlockSize);
    if (Status == STATUS_MORE_ENTRIES)
        Status = Read(Device, TRUE, Data, Blocks, BlockSize);
    ExFreePoolWithTag(Data, CLASS_TAG);
    return Status;
}
