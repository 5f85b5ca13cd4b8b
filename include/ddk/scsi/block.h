/* SPDX-License-Identifier: MIT */
/* scsi/block.h - capacities, UNMAP, tape positions; swapping bytes. Sources: SBC-3 section 5,
 * SSC-4. */
#ifndef NTIO_DDK_SCSI_BLOCK_H
#define NTIO_DDK_SCSI_BLOCK_H

#include "../ntdef.h"

/* READ CAPACITY (10): the last block, and the length of one; big-endian. SBC-3 section 5.15. */
typedef struct _READ_CAPACITY_DATA {
    ULONG LogicalBlockAddress;
    ULONG BytesPerBlock;
} READ_CAPACITY_DATA, *PREAD_CAPACITY_DATA;

/* READ CAPACITY (16), SBC-3 section 5.16. The device returns 12 bytes or more of it. */
#pragma pack(push, 1)
typedef struct _READ_CAPACITY_DATA_EX {
    LARGE_INTEGER LogicalBlockAddress;
    ULONG BytesPerBlock;
} READ_CAPACITY_DATA_EX, *PREAD_CAPACITY_DATA_EX;

typedef struct _READ_CAPACITY16_DATA {
    LARGE_INTEGER LogicalBlockAddress;
    ULONG BytesPerBlock;
    UCHAR ProtectionEnable : 1, ProtectionType : 3, RcBasis : 2, Reserved : 2;
    UCHAR LogicalPerPhysicalExponent : 4, ProtectionInfoExponent : 4;
    UCHAR LowestAlignedBlock_MSB : 6, LBPRZ : 1, LBPME : 1;
    UCHAR LowestAlignedBlock_LSB;
    UCHAR Reserved3[16];
} READ_CAPACITY16_DATA, *PREAD_CAPACITY16_DATA;

/* UNMAP, SBC-3 section 5.29. */
typedef struct _UNMAP_BLOCK_DESCRIPTOR {
    UCHAR StartingLba[8];
    UCHAR LbaCount[4];
    UCHAR Reserved[4];
} UNMAP_BLOCK_DESCRIPTOR, *PUNMAP_BLOCK_DESCRIPTOR;

typedef struct _UNMAP_LIST_HEADER {
    UCHAR DataLength[2];
    UCHAR BlockDescrDataLength[2];
    UCHAR Reserved[4];
    UNMAP_BLOCK_DESCRIPTOR Descriptors[0];
} UNMAP_LIST_HEADER, *PUNMAP_LIST_HEADER;

/* GET LBA STATUS, SBC-3 section 5.5. */
typedef struct _LBA_STATUS_DESCRIPTOR {
    ULONGLONG StartingLBA;
    ULONG LogicalBlockCount;
    UCHAR ProvisioningStatus : 4, Reserved1 : 4;
    UCHAR Reserved2[3];
} LBA_STATUS_DESCRIPTOR, *PLBA_STATUS_DESCRIPTOR;

typedef struct _LBA_STATUS_LIST_HEADER {
    ULONG ParameterLength;
    ULONG Reserved;
    LBA_STATUS_DESCRIPTOR Descriptors[0];
} LBA_STATUS_LIST_HEADER, *PLBA_STATUS_LIST_HEADER;

typedef struct _READ_BLOCK_LIMITS {
    UCHAR Reserved;
    UCHAR BlockMaximumSize[3];
    UCHAR BlockMinimumSize[2];
} READ_BLOCK_LIMITS_DATA, *PREAD_BLOCK_LIMITS_DATA;

typedef struct _TAPE_POSITION_DATA {
    UCHAR Reserved1 : 2, BlockPositionUnsupported : 1, Reserved2 : 3, EndOfPartition : 1,
        BeginningOfPartition : 1;
    UCHAR PartitionNumber;
    USHORT Reserved3;
    UCHAR FirstBlock[4];
    UCHAR LastBlock[4];
    UCHAR Reserved4;
    UCHAR NumberOfBlocks[3];
    UCHAR NumberOfBytes[4];
} TAPE_POSITION_DATA, *PTAPE_POSITION_DATA;
#pragma pack(pop)

/* Bytes of a number, and swapping them between places that may be unaligned and may be the same. */
typedef union _EIGHT_BYTE {
    struct {
        UCHAR Byte0, Byte1, Byte2, Byte3, Byte4, Byte5, Byte6, Byte7;
    };
    ULONGLONG AsULongLong;
} EIGHT_BYTE, *PEIGHT_BYTE;

typedef union _FOUR_BYTE {
    struct {
        UCHAR Byte0, Byte1, Byte2, Byte3;
    };
    ULONG AsULong;
} FOUR_BYTE, *PFOUR_BYTE;

typedef union _TWO_BYTE {
    struct {
        UCHAR Byte0, Byte1;
    };
    USHORT AsUShort;
} TWO_BYTE, *PTWO_BYTE;

FORCEINLINE VOID NtioSwap64(PVOID to, const VOID *from)
{
    ULONGLONG v;

    __builtin_memcpy(&v, from, sizeof(v));
    v = __builtin_bswap64(v);
    __builtin_memcpy(to, &v, sizeof(v));
}

FORCEINLINE VOID NtioSwap32(PVOID to, const VOID *from)
{
    ULONG v;

    __builtin_memcpy(&v, from, sizeof(v));
    v = __builtin_bswap32(v);
    __builtin_memcpy(to, &v, sizeof(v));
}

FORCEINLINE VOID NtioSwap16(PVOID to, const VOID *from)
{
    USHORT v;

    __builtin_memcpy(&v, from, sizeof(v));
    v = __builtin_bswap16(v);
    __builtin_memcpy(to, &v, sizeof(v));
}

#define REVERSE_BYTES_QUAD(to, from)  NtioSwap64((to), (from))
#define REVERSE_BYTES(to, from)       NtioSwap32((to), (from))
#define REVERSE_BYTES_SHORT(to, from) NtioSwap16((to), (from))
#define REVERSE_LONG(p)               NtioSwap32((p), (p))
#define REVERSE_SHORT(p)              NtioSwap16((p), (p))

#endif
