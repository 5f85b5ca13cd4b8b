/* SPDX-License-Identifier: MIT */
/* disk_transfer.c - what a disk does to its medium: writing, verifying, flushing, giving back. */
#include "vhba.h"

#define CHUNK 65536u

/* Sense for a host's refusal to write: SBC-3 4.7.3.6 for a full one. */
static VOID WriteError(PVHBA_COMMAND Command, enum backend_result Result, ULONG64 Lba)
{
    if (Result == BACKEND_FULL)
        VhbaFail(Command, SCSI_SENSE_DATA_PROTECT, 0x27, 0x07); /* space allocation failed */
    else if (Result == BACKEND_READ_ONLY || Result == BACKEND_DENIED)
        VHBA_PROTECTED(Command);
    else
        VhbaMediumError(Command, 0x0C, Lba); /* write error */
}

BOOLEAN VhbaFlushMedium(PVHBA_COMMAND Command, VHBA_WORK *Work)
{
    enum backend_result Result;

    if (!Command->Medium->File.writable)
        return TRUE;
    Result = backend_flush(&Command->Medium->File);
    Work->Flushes++;
    if (Result == BACKEND_OK)
        return TRUE;
    WriteError(Command, Result, (ULONG64)-1);
    return FALSE;
}

/* Bytes of the transfer; what the buffer has no whole blocks for is not done. */
static ULONG Length(PVHBA_COMMAND Command)
{
    ULONG BlockSize = Command->Medium->BlockSize;
    ULONG64 Bytes = (ULONG64)Command->Blocks * BlockSize;

    if (Bytes <= Command->BufferLength)
        return (ULONG)Bytes;
    Command->Overrun = TRUE;
    return Command->BufferLength - Command->BufferLength % BlockSize;
}

static BOOLEAN Write(PVHBA_COMMAND Command, BOOLEAN Wait, VHBA_WORK *Work)
{
    PVHBA_MEDIUM Medium = Command->Medium;
    ULONG Bytes = Length(Command);
    enum backend_result Result =
        backend_write(&Medium->File, Wait, Command->Durable, Command->Lba * Medium->BlockSize,
                      Command->Buffer, Bytes, &Command->Done);

    if (Result == BACKEND_WOULD_BLOCK)
        return FALSE;
    Work->Written = Command->Done;
    Work->Durable = Command->Durable;
    Command->Transferred = (ULONG)(Command->Done - Command->Done % Medium->BlockSize);
    if (Result != BACKEND_OK)
        WriteError(Command, Result, Command->Lba + Command->Transferred / Medium->BlockSize);
    return TRUE;
}

/* Reads the range; with Compare: byte by byte against the buffer. On a worker. */
static VOID Verify(PVHBA_COMMAND Command, VHBA_WORK *Work)
{
    PVHBA_MEDIUM Medium = Command->Medium;
    ULONG64 Bytes = Command->Compare || Command->Operation == VhbaOperationWriteVerify
                        ? Length(Command)
                        : (ULONG64)Command->Blocks * Medium->BlockSize;
    PUCHAR Room = ExAllocatePoolWithTag(NonPagedPool, CHUNK, VHBA_TAG);

    if (Room == NULL) {
        VhbaFail(Command, SCSI_SENSE_ABORTED_COMMAND, 0x55, 0x03); /* insufficient resources */
        return;
    }
    for (ULONG64 At = 0; At < Bytes; At += CHUNK) {
        size_t Want = Bytes - At < CHUNK ? (size_t)(Bytes - At) : CHUNK, Done = 0, Same = Want;
        enum backend_result Result = backend_read(
            &Medium->File, 1, Command->Lba * Medium->BlockSize + At, Room, Want, &Done);
        Work->Read += Done;
        if (Result != BACKEND_OK) {
            VhbaMediumError(Command, 0x11, Command->Lba + (At + Done) / Medium->BlockSize);
            break;
        }
        if (Command->Compare)
            Same = RtlCompareMemory(Room, Command->Buffer + At, Want);
        if (Same != Want) { /* the information is where in the data it is, SBC-3 5.31 */
            VhbaFail(Command, SCSI_SENSE_MISCOMPARE, 0x1D, 0x00);
            Command->Sense.Information = (ULONG)(At + Same);
            Command->Sense.InformationValid = TRUE;
            break;
        }
    }
    if (Command->Compare)
        Command->Transferred = (ULONG)Bytes;
    ExFreePoolWithTag(Room, VHBA_TAG);
}

static BOOLEAN Punch(PVHBA_COMMAND Command, ULONG64 Lba, ULONG64 Blocks, VHBA_WORK *Work)
{
    ULONG BlockSize = Command->Medium->BlockSize;
    enum backend_result Result =
        backend_punch(&Command->Medium->File, Lba * BlockSize, Blocks * BlockSize);

    if (Result != BACKEND_OK) {
        WriteError(Command, Result, Lba);
        return FALSE;
    }
    Work->Unmapped += Blocks * BlockSize;
    return TRUE;
}

static VOID Unmap(PVHBA_COMMAND Command, VHBA_WORK *Work)
{
    for (ULONG i = 0; i < Command->Blocks; i++) {
        UCHAR Range[12];
        RtlCopyMemory(Range, Command->Buffer + 8 + i * 16, sizeof(Range));
        if (Be32(Range + 8) == 0)
            continue;
        if (!VhbaInRange(Command->Medium, Be64(Range), Be32(Range + 8))) {
            VHBA_OUT_OF_RANGE(Command); /* it has changed since it was looked at */
            return;
        }
        if (!Punch(Command, Be64(Range), Be32(Range + 8), Work))
            return;
    }
    if (Command->Durable)
        VhbaFlushMedium(Command, Work);
}

/* Writes the block at Room's start as often as it has to be there. */
static VOID WriteCopies(PVHBA_COMMAND Command, PUCHAR Room, VHBA_WORK *Work)
{
    PVHBA_MEDIUM Medium = Command->Medium;
    ULONG64 Bytes = (ULONG64)Command->Blocks * Medium->BlockSize;

    for (ULONG At = Medium->BlockSize; At < CHUNK; At += Medium->BlockSize)
        RtlCopyMemory(Room + At, Room, Medium->BlockSize);
    for (ULONG64 At = 0; At < Bytes; At += CHUNK) {
        size_t Want = Bytes - At < CHUNK ? (size_t)(Bytes - At) : CHUNK, Done = 0;
        enum backend_result Result = backend_write(
            &Medium->File, 1, 0, Command->Lba * Medium->BlockSize + At, Room, Want, &Done);
        Work->Written += Done;
        if (Result != BACKEND_OK) {
            WriteError(Command, Result, Command->Lba + (At + Done) / Medium->BlockSize);
            return;
        }
    }
}

static VOID WriteSame(PVHBA_COMMAND Command, VHBA_WORK *Work)
{
    ULONG BlockSize = Command->Medium->BlockSize;
    PUCHAR Room = ExAllocatePoolWithTag(NonPagedPool, CHUNK, VHBA_TAG);
    BOOLEAN Zeros = TRUE;

    if (Room == NULL) {
        VhbaFail(Command, SCSI_SENSE_ABORTED_COMMAND, 0x55, 0x03);
        return;
    }
    RtlCopyMemory(Room, Command->Buffer, BlockSize);
    Command->Transferred = BlockSize;
    for (ULONG i = 0; i < BlockSize; i++)
        Zeros = Zeros && Room[i] == 0;
    /* Only what reads as zeros afterwards may be given back for this block. */
    if (Command->Unmap && Zeros)
        Punch(Command, Command->Lba, Command->Blocks, Work);
    else
        WriteCopies(Command, Room, Work);
    ExFreePoolWithTag(Room, VHBA_TAG);
    if (Command->Durable && Command->ScsiStatus == SCSISTAT_GOOD && VhbaFlushMedium(Command, Work))
        Work->Durable = TRUE;
}

BOOLEAN VhbaRunDisk(PVHBA_COMMAND Command, BOOLEAN Wait, VHBA_WORK *Work)
{
    if (Command->Operation == VhbaOperationWrite)
        return Write(Command, Wait, Work);
    if (!Wait)
        return FALSE;
    switch (Command->Operation) {
    case VhbaOperationWriteVerify:
        Write(Command, TRUE, Work);
        if (Command->ScsiStatus == SCSISTAT_GOOD)
            Verify(Command, Work);
        break;
    case VhbaOperationVerify:
        if (VhbaFlushMedium(Command, Work))
            Verify(Command, Work);
        break;
    case VhbaOperationFlush:
        VhbaFlushMedium(Command, Work);
        break;
    case VhbaOperationWriteSame:
        WriteSame(Command, Work);
        break;
    case VhbaOperationUnmap:
        Unmap(Command, Work);
        break;
    default:
        NT_ASSERT(FALSE);
        break;
    }
    return TRUE;
}
