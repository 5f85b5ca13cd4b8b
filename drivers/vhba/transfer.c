/* SPDX-License-Identifier: MIT */
/* transfer.c - blocks off the medium into the request's buffer. */
#include "vhba.h"

static VOID MediumError(PVHBA_COMMAND Command, ULONG Lba)
{
    VhbaFail(Command, SCSI_SENSE_MEDIUM_ERROR, 0x11, 0x00); /* unrecovered read error */
    Command->Sense.Information = Lba;
    Command->Sense.InformationValid = TRUE;
}

static BOOLEAN ReadPlain(PVHBA_COMMAND Command, BOOLEAN Wait, ULONG64 *Bytes)
{
    ULONG64 Length = (ULONG64)Command->Blocks * VHBA_BLOCK;
    enum backend_result Result;

    if (Length > Command->BufferLength) {
        Command->Overrun = TRUE;
        Length = Command->BufferLength;
    }
    Result = backend_read(&Command->Medium->File, Wait, (uint64_t)Command->Lba * VHBA_BLOCK,
                          Command->Buffer, Length, &Command->Done);
    if (Result == BACKEND_WOULD_BLOCK)
        return FALSE;
    *Bytes = Command->Done;
    Command->Transferred = (ULONG)Command->Done;
    if (Result != BACKEND_OK) {
        Command->Transferred -= Command->Transferred % VHBA_BLOCK;
        MediumError(Command, Command->Lba + Command->Transferred / VHBA_BLOCK);
    }
    return TRUE;
}

static BOOLEAN ReadRawBlocks(PVHBA_COMMAND Command, BOOLEAN Wait, ULONG64 *Bytes)
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
        Result =
            backend_read(&Command->Medium->File, Wait, ((uint64_t)Command->Lba + i) * VHBA_BLOCK,
                         Block + 16, VHBA_BLOCK, &Done);
        if (Result == BACKEND_WOULD_BLOCK)
            return FALSE;
        if (Result != BACKEND_OK) {
            MediumError(Command, Command->Lba + i);
            break;
        }
        *Bytes += VHBA_BLOCK;
        VhbaMakeRawBlock(Block, Command->Lba + i);
        RtlCopyMemory(Command->Buffer + Command->Done, Block + From,
                      Room < PerBlock ? Room : PerBlock);
        Command->Done += Room < PerBlock ? Room : PerBlock;
    }
    Command->Transferred = (ULONG)Command->Done;
    if (Command->ScsiStatus == SCSISTAT_GOOD && Command->Done < (ULONG64)Command->Blocks * PerBlock)
        Command->Overrun = TRUE;
    return TRUE;
}

BOOLEAN VhbaRead(PVHBA_COMMAND Command, BOOLEAN Wait)
{
    PVHBA_LUN Lun = Command->Lun;
    ULONG64 Bytes = 0;
    KIRQL OldIrql;

    if (!(Command->Selection == 0 ? ReadPlain(Command, Wait, &Bytes)
                                  : ReadRawBlocks(Command, Wait, &Bytes)))
        return FALSE;
    KeAcquireSpinLock(&Lun->Lock, &OldIrql);
    Lun->Counters.BytesRead += Bytes;
    Lun->Counters.Queued += Wait;
    KeReleaseSpinLock(&Lun->Lock, OldIrql);
    VhbaDereferenceMedium(Command->Medium);
    Command->Medium = NULL;
    return TRUE;
}
