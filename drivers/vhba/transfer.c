/* SPDX-License-Identifier: MIT */
/* transfer.c - transfers: their start, their end, and reading. */
#include "vhba.h"

VOID VhbaMediumError(PVHBA_COMMAND Command, UCHAR Asc, ULONG64 Lba)
{
    VhbaFail(Command, SCSI_SENSE_MEDIUM_ERROR, Asc, 0x00);
    Command->Sense.InformationValid = Lba <= 0xFFFFFFFF; /* the fixed format has no room for more */
    Command->Sense.Information = Command->Sense.InformationValid ? (ULONG)Lba : 0;
}

VHBA_OUTCOME VhbaBegin(PVHBA_COMMAND Command, VHBA_OPERATION Operation, ULONG64 Lba, ULONG Blocks)
{
    VHBA_COUNTERS *Counters = &Command->Lun->Counters;

    Command->Medium = Command->Lun->Medium;
    Command->Operation = Operation;
    Command->Lba = Lba;
    Command->Blocks = Blocks;
    Command->Done = 0;
    VhbaReferenceMedium(Command->Medium);
    if (Operation == VhbaOperationRead) {
        Counters->Reads[Counters->ReadCount % VHBA_RECORDED_READS].Lba = Lba;
        Counters->Reads[Counters->ReadCount % VHBA_RECORDED_READS].Blocks = Blocks;
        Counters->ReadCount++;
    }
    return VhbaTransfer;
}

static BOOLEAN ReadPlain(PVHBA_COMMAND Command, BOOLEAN Wait, VHBA_WORK *Work)
{
    ULONG BlockSize = Command->Medium->BlockSize;
    ULONG64 Length = (ULONG64)Command->Blocks * BlockSize;
    enum backend_result Result;

    if (Length > Command->BufferLength) {
        Command->Overrun = TRUE;
        Length = Command->BufferLength;
    }
    /* FUA: what the cache has and the medium not is written first. */
    if (Command->Durable && !Wait)
        return FALSE;
    if (Command->Durable && !VhbaFlushMedium(Command, Work))
        return TRUE;
    Result = backend_read(&Command->Medium->File, Wait, Command->Lba * BlockSize, Command->Buffer,
                          Length, &Command->Done);
    if (Result == BACKEND_WOULD_BLOCK)
        return FALSE;
    Work->Read = Command->Done;
    Command->Transferred = (ULONG)Command->Done;
    if (Result != BACKEND_OK) {
        Command->Transferred -= Command->Transferred % BlockSize;
        VhbaMediumError(Command, 0x11, Command->Lba + Command->Transferred / BlockSize);
    }
    return TRUE;
}

static BOOLEAN ReadRawBlocks(PVHBA_COMMAND Command, BOOLEAN Wait, VHBA_WORK *Work)
{
    UCHAR Selection = Command->Selection;
    ULONG PerBlock = VhbaSelectionBytes(Selection);
    ULONG From = (Selection & 0x80) ? 0 : (Selection & 0x20) ? 12 : 16;
    UCHAR Block[VHBA_RAW_BLOCK];

    for (ULONG i = (ULONG)(Command->Done / PerBlock); i < Command->Blocks; i++) {
        size_t Room = Command->BufferLength - Command->Done, Done = 0;
        enum backend_result Result;
        if (Room == 0)
            break;
        Result = backend_read(&Command->Medium->File, Wait, (Command->Lba + i) * VHBA_BLOCK,
                              Block + 16, VHBA_BLOCK, &Done);
        if (Result == BACKEND_WOULD_BLOCK)
            return FALSE;
        if (Result != BACKEND_OK) {
            VhbaMediumError(Command, 0x11, Command->Lba + i);
            break;
        }
        Work->Read += VHBA_BLOCK;
        VhbaMakeRawBlock(Block, (ULONG)Command->Lba + i);
        RtlCopyMemory(Command->Buffer + Command->Done, Block + From,
                      Room < PerBlock ? Room : PerBlock);
        Command->Done += Room < PerBlock ? Room : PerBlock;
    }
    Command->Transferred = (ULONG)Command->Done;
    if (Command->ScsiStatus == SCSISTAT_GOOD && Command->Done < (ULONG64)Command->Blocks * PerBlock)
        Command->Overrun = TRUE;
    return TRUE;
}

BOOLEAN VhbaRun(PVHBA_COMMAND Command, BOOLEAN Wait)
{
    PVHBA_LUN Lun = Command->Lun;
    VHBA_WORK Work = {0};
    BOOLEAN Done;
    KIRQL OldIrql;

    if (Command->Operation != VhbaOperationRead)
        Done = VhbaRunDisk(Command, Wait, &Work);
    else if (Command->Selection == 0)
        Done = ReadPlain(Command, Wait, &Work);
    else
        Done = ReadRawBlocks(Command, Wait, &Work);
    if (!Done)
        return FALSE;
    KeAcquireSpinLock(&Lun->Lock, &OldIrql);
    Lun->Counters.BytesRead += Work.Read;
    Lun->Counters.BytesWritten += Work.Written;
    Lun->Counters.WriteCount += Work.Written != 0;
    Lun->Counters.DurableWrites += Work.Written != 0 && Work.Durable;
    Lun->Counters.BytesUnmapped += Work.Unmapped;
    Lun->Counters.Flushes += Work.Flushes;
    Lun->Counters.Queued += Wait;
    KeReleaseSpinLock(&Lun->Lock, OldIrql);
    VhbaDereferenceMedium(Command->Medium);
    Command->Medium = NULL;
    return TRUE;
}
