/* SPDX-License-Identifier: MIT */
/* ntdddisk.h - control codes of disks. Source: MS docs, "Disk I/O control codes". */
#ifndef NTIO_DDK_NTDDDISK_H
#define NTIO_DDK_NTDDDISK_H
#define _NTDDDISK_H_

#include "ntddstor.h"

#define IOCTL_DISK_BASE   FILE_DEVICE_DISK
#define NTIO_DISK_ANY(n)  CTL_CODE(IOCTL_DISK_BASE, n, METHOD_BUFFERED, FILE_ANY_ACCESS)
#define NTIO_DISK_READ(n) CTL_CODE(IOCTL_DISK_BASE, n, METHOD_BUFFERED, FILE_READ_ACCESS)
#define NTIO_DISK_RW(n)                                                                            \
    CTL_CODE(IOCTL_DISK_BASE, n, METHOD_BUFFERED, FILE_READ_ACCESS | FILE_WRITE_ACCESS)
#define IOCTL_DISK_GET_DRIVE_GEOMETRY    NTIO_DISK_ANY(0x0000)
#define IOCTL_DISK_GET_PARTITION_INFO    NTIO_DISK_READ(0x0001)
#define IOCTL_DISK_SET_PARTITION_INFO    NTIO_DISK_RW(0x0002)
#define IOCTL_DISK_GET_DRIVE_LAYOUT      NTIO_DISK_READ(0x0003)
#define IOCTL_DISK_SET_DRIVE_LAYOUT      NTIO_DISK_RW(0x0004)
#define IOCTL_DISK_VERIFY                NTIO_DISK_ANY(0x0005)
#define IOCTL_DISK_FORMAT_TRACKS         NTIO_DISK_RW(0x0006)
#define IOCTL_DISK_REASSIGN_BLOCKS       NTIO_DISK_RW(0x0007)
#define IOCTL_DISK_PERFORMANCE           NTIO_DISK_ANY(0x0008)
#define IOCTL_DISK_IS_WRITABLE           NTIO_DISK_ANY(0x0009)
#define IOCTL_DISK_LOGGING               NTIO_DISK_ANY(0x000a)
#define IOCTL_DISK_FORMAT_TRACKS_EX      NTIO_DISK_RW(0x000b)
#define IOCTL_DISK_HISTOGRAM_STRUCTURE   NTIO_DISK_ANY(0x000c)
#define IOCTL_DISK_HISTOGRAM_DATA        NTIO_DISK_ANY(0x000d)
#define IOCTL_DISK_HISTOGRAM_RESET       NTIO_DISK_ANY(0x000e)
#define IOCTL_DISK_REQUEST_STRUCTURE     NTIO_DISK_ANY(0x000f)
#define IOCTL_DISK_REQUEST_DATA          NTIO_DISK_ANY(0x0010)
#define IOCTL_DISK_CONTROLLER_NUMBER     NTIO_DISK_ANY(0x0011)
#define IOCTL_DISK_GET_PARTITION_INFO_EX NTIO_DISK_ANY(0x0012)
#define IOCTL_DISK_SET_PARTITION_INFO_EX NTIO_DISK_RW(0x0013)
#define IOCTL_DISK_GET_DRIVE_LAYOUT_EX   NTIO_DISK_ANY(0x0014)
#define IOCTL_DISK_SET_DRIVE_LAYOUT_EX   NTIO_DISK_RW(0x0015)
#define IOCTL_DISK_CREATE_DISK           NTIO_DISK_RW(0x0016)
#define IOCTL_DISK_GET_LENGTH_INFO       NTIO_DISK_READ(0x0017)
#define IOCTL_DISK_PERFORMANCE_OFF       NTIO_DISK_ANY(0x0018)
#define SMART_GET_VERSION                NTIO_DISK_READ(0x0020)
#define SMART_SEND_DRIVE_COMMAND         NTIO_DISK_RW(0x0021)
#define SMART_RCV_DRIVE_DATA             NTIO_DISK_RW(0x0022)
#define IOCTL_DISK_GET_DRIVE_GEOMETRY_EX NTIO_DISK_ANY(0x0028)
#define IOCTL_DISK_UPDATE_DRIVE_SIZE     NTIO_DISK_RW(0x0032)
#define IOCTL_DISK_GROW_PARTITION        NTIO_DISK_RW(0x0034)
#define IOCTL_DISK_GET_CACHE_INFORMATION NTIO_DISK_READ(0x0035)
#define IOCTL_DISK_SET_CACHE_INFORMATION NTIO_DISK_RW(0x0036)
#define IOCTL_DISK_DELETE_DRIVE_LAYOUT   NTIO_DISK_RW(0x0040)
#define IOCTL_DISK_UPDATE_PROPERTIES     NTIO_DISK_ANY(0x0050)
#define IOCTL_DISK_INTERNAL_SET_VERIFY                                                             \
    CTL_CODE(IOCTL_DISK_BASE, 0x0100, METHOD_NEITHER, FILE_ANY_ACCESS)
#define IOCTL_DISK_INTERNAL_CLEAR_VERIFY                                                           \
    CTL_CODE(IOCTL_DISK_BASE, 0x0101, METHOD_NEITHER, FILE_ANY_ACCESS)
#define IOCTL_DISK_CHECK_VERIFY     NTIO_DISK_READ(0x0200)
#define IOCTL_DISK_MEDIA_REMOVAL    NTIO_DISK_READ(0x0201)
#define IOCTL_DISK_EJECT_MEDIA      NTIO_DISK_READ(0x0202)
#define IOCTL_DISK_LOAD_MEDIA       NTIO_DISK_READ(0x0203)
#define IOCTL_DISK_RESERVE          NTIO_DISK_READ(0x0204)
#define IOCTL_DISK_RELEASE          NTIO_DISK_READ(0x0205)
#define IOCTL_DISK_FIND_NEW_DEVICES NTIO_DISK_READ(0x0206)
#define IOCTL_DISK_GET_MEDIA_TYPES  NTIO_DISK_ANY(0x0300)

/* MBR partition types. */
#define PARTITION_ENTRY_UNUSED    0x00
#define PARTITION_FAT_12          0x01
#define PARTITION_XENIX_1         0x02
#define PARTITION_XENIX_2         0x03
#define PARTITION_FAT_16          0x04
#define PARTITION_EXTENDED        0x05
#define PARTITION_HUGE            0x06
#define PARTITION_IFS             0x07
#define PARTITION_OS2BOOTMGR      0x0a
#define PARTITION_FAT32           0x0b
#define PARTITION_FAT32_XINT13    0x0c
#define PARTITION_XINT13          0x0e
#define PARTITION_XINT13_EXTENDED 0x0f
#define PARTITION_PREP            0x41
#define PARTITION_LDM             0x42
#define PARTITION_UNIX            0x63
#define PARTITION_NTFT            0x80
#define VALID_NTFT                0xc0

typedef USHORT BAD_TRACK_NUMBER, *PBAD_TRACK_NUMBER;

typedef enum _MEDIA_TYPE {
    Unknown,
    F5_1Pt2_512,
    F3_1Pt44_512,
    F3_2Pt88_512,
    F3_20Pt8_512,
    F3_720_512,
    F5_360_512,
    F5_320_512,
    F5_320_1024,
    F5_180_512,
    F5_160_512,
    RemovableMedia,
    FixedMedia,
    F3_120M_512,
    F3_640_512,
    F5_640_512,
    F5_720_512,
    F3_1Pt2_512,
    F3_1Pt23_1024,
    F5_1Pt23_1024,
    F3_128Mb_512,
    F3_230Mb_512,
    F8_256_128
} MEDIA_TYPE,
    *PMEDIA_TYPE;

typedef enum _DETECTION_TYPE { DetectNone, DetectInt13, DetectExInt13 } DETECTION_TYPE;

typedef enum _PARTITION_STYLE {
    PARTITION_STYLE_MBR,
    PARTITION_STYLE_GPT,
    PARTITION_STYLE_RAW
} PARTITION_STYLE;

typedef struct _DISK_CONTROLLER_NUMBER {
    ULONG ControllerNumber;
    ULONG DiskNumber;
} DISK_CONTROLLER_NUMBER, *PDISK_CONTROLLER_NUMBER;

typedef struct _DISK_GEOMETRY {
    LARGE_INTEGER Cylinders;
    MEDIA_TYPE MediaType;
    ULONG TracksPerCylinder;
    ULONG SectorsPerTrack;
    ULONG BytesPerSector;
} DISK_GEOMETRY, *PDISK_GEOMETRY;

/* Behind Geometry and DiskSize: a DISK_PARTITION_INFO, then a DISK_DETECTION_INFO. */
typedef struct _DISK_GEOMETRY_EX {
    DISK_GEOMETRY Geometry;
    LARGE_INTEGER DiskSize;
    UCHAR Data[1];
} DISK_GEOMETRY_EX, *PDISK_GEOMETRY_EX;

typedef struct _DISK_PARTITION_INFO {
    ULONG SizeOfPartitionInfo;
    PARTITION_STYLE PartitionStyle;
    union {
        struct {
            ULONG Signature;
            ULONG CheckSum;
        } Mbr;
        struct {
            GUID DiskId;
        } Gpt;
    };
} DISK_PARTITION_INFO, *PDISK_PARTITION_INFO;

typedef struct _DISK_INT13_INFO {
    USHORT DriveSelect;
    ULONG MaxCylinders;
    USHORT SectorsPerTrack;
    USHORT MaxHeads;
    USHORT NumberDrives;
} DISK_INT13_INFO, *PDISK_INT13_INFO;

typedef struct _DISK_EX_INT13_INFO {
    USHORT ExBufferSize;
    USHORT ExFlags;
    ULONG ExCylinders;
    ULONG ExHeads;
    ULONG ExSectorsPerTrack;
    ULONG64 ExSectorsPerDrive;
    USHORT ExSectorSize;
    USHORT ExReserved;
} DISK_EX_INT13_INFO, *PDISK_EX_INT13_INFO;

typedef struct _DISK_DETECTION_INFO {
    ULONG SizeOfDetectInfo;
    DETECTION_TYPE DetectionType;
    union {
        struct {
            DISK_INT13_INFO Int13;
            DISK_EX_INT13_INFO ExInt13;
        };
    };
} DISK_DETECTION_INFO, *PDISK_DETECTION_INFO;

typedef struct _PARTITION_INFORMATION {
    LARGE_INTEGER StartingOffset;
    LARGE_INTEGER PartitionLength;
    ULONG HiddenSectors;
    ULONG PartitionNumber;
    UCHAR PartitionType;
    BOOLEAN BootIndicator;
    BOOLEAN RecognizedPartition;
    BOOLEAN RewritePartition;
} PARTITION_INFORMATION, *PPARTITION_INFORMATION;

typedef struct _PARTITION_INFORMATION_MBR {
    UCHAR PartitionType;
    BOOLEAN BootIndicator;
    BOOLEAN RecognizedPartition;
    ULONG HiddenSectors;
    GUID PartitionId; /* since Windows 10 */
} PARTITION_INFORMATION_MBR, *PPARTITION_INFORMATION_MBR;

typedef struct _PARTITION_INFORMATION_GPT {
    GUID PartitionType;
    GUID PartitionId;
    ULONG64 Attributes;
    WCHAR Name[36];
} PARTITION_INFORMATION_GPT, *PPARTITION_INFORMATION_GPT;

typedef struct _PARTITION_INFORMATION_EX {
    PARTITION_STYLE PartitionStyle;
    LARGE_INTEGER StartingOffset;
    LARGE_INTEGER PartitionLength;
    ULONG PartitionNumber;
    BOOLEAN RewritePartition;
    BOOLEAN IsServicePartition;
    union {
        PARTITION_INFORMATION_MBR Mbr;
        PARTITION_INFORMATION_GPT Gpt;
    };
} PARTITION_INFORMATION_EX, *PPARTITION_INFORMATION_EX;

typedef struct _DRIVE_LAYOUT_INFORMATION {
    ULONG PartitionCount;
    ULONG Signature;
    PARTITION_INFORMATION PartitionEntry[1];
} DRIVE_LAYOUT_INFORMATION, *PDRIVE_LAYOUT_INFORMATION;

typedef struct _DRIVE_LAYOUT_INFORMATION_MBR {
    ULONG Signature;
    ULONG CheckSum; /* since Windows 10 */
} DRIVE_LAYOUT_INFORMATION_MBR, *PDRIVE_LAYOUT_INFORMATION_MBR;

typedef struct _DRIVE_LAYOUT_INFORMATION_GPT {
    GUID DiskId;
    LARGE_INTEGER StartingUsableOffset;
    LARGE_INTEGER UsableLength;
    ULONG MaxPartitionCount;
} DRIVE_LAYOUT_INFORMATION_GPT, *PDRIVE_LAYOUT_INFORMATION_GPT;

typedef struct _DRIVE_LAYOUT_INFORMATION_EX {
    ULONG PartitionStyle;
    ULONG PartitionCount;
    union {
        DRIVE_LAYOUT_INFORMATION_MBR Mbr;
        DRIVE_LAYOUT_INFORMATION_GPT Gpt;
    };
    PARTITION_INFORMATION_EX PartitionEntry[1];
} DRIVE_LAYOUT_INFORMATION_EX, *PDRIVE_LAYOUT_INFORMATION_EX;

typedef struct _SET_PARTITION_INFORMATION {
    UCHAR PartitionType;
} SET_PARTITION_INFORMATION, *PSET_PARTITION_INFORMATION;

typedef struct _FORMAT_PARAMETERS {
    MEDIA_TYPE MediaType;
    ULONG StartCylinderNumber;
    ULONG EndCylinderNumber;
    ULONG StartHeadNumber;
    ULONG EndHeadNumber;
} FORMAT_PARAMETERS, *PFORMAT_PARAMETERS;

typedef struct _GET_LENGTH_INFORMATION {
    LARGE_INTEGER Length; /* bytes */
} GET_LENGTH_INFORMATION, *PGET_LENGTH_INFORMATION;

typedef struct _REASSIGN_BLOCKS {
    USHORT Reserved;
    USHORT Count;
    ULONG BlockNumber[1];
} REASSIGN_BLOCKS, *PREASSIGN_BLOCKS;

typedef struct _VERIFY_INFORMATION {
    LARGE_INTEGER StartingOffset;
    ULONG Length;
} VERIFY_INFORMATION, *PVERIFY_INFORMATION;

typedef enum { EqualPriority, KeepPrefetchedData, KeepReadData } DISK_CACHE_RETENTION_PRIORITY;

typedef struct _DISK_CACHE_INFORMATION {
    BOOLEAN ParametersSavable;
    BOOLEAN ReadCacheEnabled;
    BOOLEAN WriteCacheEnabled;
    DISK_CACHE_RETENTION_PRIORITY ReadRetentionPriority;
    DISK_CACHE_RETENTION_PRIORITY WriteRetentionPriority;
    USHORT DisablePrefetchTransferLength;
    BOOLEAN PrefetchScalar;
    union {
        struct {
            USHORT Minimum;
            USHORT Maximum;
            USHORT MaximumBlocks;
        } ScalarPrefetch;
        struct {
            USHORT Minimum;
            USHORT Maximum;
        } BlockPrefetch;
    };
} DISK_CACHE_INFORMATION, *PDISK_CACHE_INFORMATION;

typedef struct _DISK_GROW_PARTITION {
    ULONG PartitionNumber;
    LARGE_INTEGER BytesToGrow;
} DISK_GROW_PARTITION, *PDISK_GROW_PARTITION;

typedef struct _DISK_PERFORMANCE {
    LARGE_INTEGER BytesRead;
    LARGE_INTEGER BytesWritten;
    LARGE_INTEGER ReadTime;
    LARGE_INTEGER WriteTime;
    LARGE_INTEGER IdleTime;
    ULONG ReadCount;
    ULONG WriteCount;
    ULONG QueueDepth;
    ULONG SplitCount;
    LARGE_INTEGER QueryTime;
    ULONG StorageDeviceNumber;
    WCHAR StorageManagerName[8];
} DISK_PERFORMANCE, *PDISK_PERFORMANCE;

#endif
