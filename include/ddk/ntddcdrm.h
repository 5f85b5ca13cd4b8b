/* SPDX-License-Identifier: MIT */
/* ntddcdrm.h - control codes of CD drives. Sources: MS docs, "CD-ROM I/O control codes"; MMC-6
 * section 6. */
#ifndef NTIO_DDK_NTDDCDRM_H
#define NTIO_DDK_NTDDCDRM_H
#define _NTDDCDRM_

#include "ntddmmc.h"
#include "ntddstor.h"

#define IOCTL_CDROM_BASE   FILE_DEVICE_CD_ROM
#define NTIO_CDROM_READ(n) CTL_CODE(IOCTL_CDROM_BASE, n, METHOD_BUFFERED, FILE_READ_ACCESS)
#define NTIO_CDROM_RW(n)                                                                           \
    CTL_CODE(IOCTL_CDROM_BASE, n, METHOD_BUFFERED, FILE_READ_ACCESS | FILE_WRITE_ACCESS)
/* Two of other kinds. */
#define IOCTL_CDROM_RAW_READ CTL_CODE(IOCTL_CDROM_BASE, 0x000f, METHOD_OUT_DIRECT, FILE_READ_ACCESS)

#define IOCTL_CDROM_DISK_TYPE CTL_CODE(IOCTL_CDROM_BASE, 0x0010, METHOD_BUFFERED, FILE_ANY_ACCESS)

#define IOCTL_CDROM_READ_TOC              NTIO_CDROM_READ(0x0000)
#define IOCTL_CDROM_SEEK_AUDIO_MSF        NTIO_CDROM_READ(0x0001)
#define IOCTL_CDROM_STOP_AUDIO            NTIO_CDROM_READ(0x0002)
#define IOCTL_CDROM_PAUSE_AUDIO           NTIO_CDROM_READ(0x0003)
#define IOCTL_CDROM_RESUME_AUDIO          NTIO_CDROM_READ(0x0004)
#define IOCTL_CDROM_GET_VOLUME            NTIO_CDROM_READ(0x0005)
#define IOCTL_CDROM_PLAY_AUDIO_MSF        NTIO_CDROM_READ(0x0006)
#define IOCTL_CDROM_SET_VOLUME            NTIO_CDROM_READ(0x000a)
#define IOCTL_CDROM_READ_Q_CHANNEL        NTIO_CDROM_READ(0x000b)
#define IOCTL_CDROM_GET_CONTROL           NTIO_CDROM_READ(0x000d)
#define IOCTL_CDROM_GET_LAST_SESSION      NTIO_CDROM_READ(0x000e)
#define IOCTL_CDROM_GET_DRIVE_GEOMETRY    NTIO_CDROM_READ(0x0013)
#define IOCTL_CDROM_GET_DRIVE_GEOMETRY_EX NTIO_CDROM_READ(0x0014)
#define IOCTL_CDROM_READ_TOC_EX           NTIO_CDROM_READ(0x0015)
#define IOCTL_CDROM_GET_CONFIGURATION     NTIO_CDROM_READ(0x0016)
#define IOCTL_CDROM_EXCLUSIVE_ACCESS      NTIO_CDROM_RW(0x0017)
#define IOCTL_CDROM_SET_SPEED             NTIO_CDROM_READ(0x0018)
#define IOCTL_CDROM_GET_INQUIRY_DATA      NTIO_CDROM_READ(0x0019)
#define IOCTL_CDROM_ENABLE_STREAMING      NTIO_CDROM_READ(0x001a)
#define IOCTL_CDROM_SEND_OPC_INFORMATION  NTIO_CDROM_RW(0x001b)
#define IOCTL_CDROM_GET_PERFORMANCE       NTIO_CDROM_READ(0x001c)
#define IOCTL_CDROM_CHECK_VERIFY          NTIO_CDROM_READ(0x0200)
#define IOCTL_CDROM_MEDIA_REMOVAL         NTIO_CDROM_READ(0x0201)
#define IOCTL_CDROM_EJECT_MEDIA           NTIO_CDROM_READ(0x0202)
#define IOCTL_CDROM_LOAD_MEDIA            NTIO_CDROM_READ(0x0203)
#define IOCTL_CDROM_RESERVE               NTIO_CDROM_READ(0x0204)
#define IOCTL_CDROM_RELEASE               NTIO_CDROM_READ(0x0205)
#define IOCTL_CDROM_FIND_NEW_DEVICES      NTIO_CDROM_READ(0x0206)
#define IOCTL_CDROM_SIMBAD                NTIO_CDROM_READ(0x1003)

/* Table of contents, MMC-6 section 6.26. */

#define MAXIMUM_NUMBER_TRACKS          100
#define MAXIMUM_CDROM_SIZE             804
#define MINIMUM_CDROM_READ_TOC_EX_SIZE 2

typedef struct _TRACK_DATA {
    UCHAR Reserved;
    UCHAR Control : 4, Adr : 4;
    UCHAR TrackNumber; /* 0xaa: lead-out */
    UCHAR Reserved1;
    UCHAR Address[4]; /* 0, M, S, F, or a big-endian block */
} TRACK_DATA, *PTRACK_DATA;

#define CDROM_DISK_AUDIO_TRACK 0x00000001
#define CDROM_DISK_DATA_TRACK  0x00000002

typedef struct _CDROM_DISK_DATA {
    ULONG DiskData;
} CDROM_DISK_DATA, *PCDROM_DISK_DATA;

typedef struct _CDROM_TOC {
    UCHAR Length[2]; /* big-endian, without itself */
    UCHAR FirstTrack;
    UCHAR LastTrack;
    TRACK_DATA TrackData[MAXIMUM_NUMBER_TRACKS];
} CDROM_TOC, *PCDROM_TOC;
#define CDROM_TOC_SIZE sizeof(CDROM_TOC)

#define CDROM_READ_TOC_EX_FORMAT_TOC      0x00
#define CDROM_READ_TOC_EX_FORMAT_SESSION  0x01
#define CDROM_READ_TOC_EX_FORMAT_FULL_TOC 0x02
#define CDROM_READ_TOC_EX_FORMAT_PMA      0x03
#define CDROM_READ_TOC_EX_FORMAT_ATIP     0x04
#define CDROM_READ_TOC_EX_FORMAT_CDTEXT   0x05

typedef struct _CDROM_READ_TOC_EX {
    UCHAR Format : 4, Reserved1 : 3, Msf : 1;
    UCHAR SessionTrack;
    UCHAR Reserved2;
    UCHAR Reserved3;
} CDROM_READ_TOC_EX, *PCDROM_READ_TOC_EX;

typedef struct _CDROM_TOC_SESSION_DATA {
    UCHAR Length[2];
    UCHAR FirstCompleteSession;
    UCHAR LastCompleteSession;
    TRACK_DATA TrackData[1];
} CDROM_TOC_SESSION_DATA, *PCDROM_TOC_SESSION_DATA;

#define ADR_NO_MODE_INFORMATION      0x0
#define ADR_ENCODES_CURRENT_POSITION 0x1
#define ADR_ENCODES_MEDIA_CATALOG    0x2
#define ADR_ENCODES_ISRC             0x3

typedef struct _CDROM_TOC_FULL_TOC_DATA_BLOCK {
    UCHAR SessionNumber;
    UCHAR Control : 4, Adr : 4;
    UCHAR Reserved1;
    UCHAR Point;
    UCHAR MsfExtra[3];
    UCHAR Zero;
    UCHAR Msf[3];
} CDROM_TOC_FULL_TOC_DATA_BLOCK, *PCDROM_TOC_FULL_TOC_DATA_BLOCK;

typedef struct _CDROM_TOC_FULL_TOC_DATA {
    UCHAR Length[2];
    UCHAR FirstCompleteSession;
    UCHAR LastCompleteSession;
    CDROM_TOC_FULL_TOC_DATA_BLOCK Descriptors[0];
} CDROM_TOC_FULL_TOC_DATA, *PCDROM_TOC_FULL_TOC_DATA;

typedef struct _CDROM_TOC_PMA_DATA {
    UCHAR Length[2];
    UCHAR Reserved1;
    UCHAR Reserved2;
    CDROM_TOC_FULL_TOC_DATA_BLOCK Descriptors[0];
} CDROM_TOC_PMA_DATA, *PCDROM_TOC_PMA_DATA;

typedef struct _CDROM_TOC_ATIP_DATA_BLOCK {
    UCHAR CdrwReferenceSpeed : 3, Reserved3 : 1, WritePower : 3, True1 : 1;
    UCHAR Reserved4 : 6, UnrestrictedUse : 1, Reserved5 : 1;
    UCHAR A3Valid : 1, A2Valid : 1, A1Valid : 1, Reserved6 : 3, IsCdrw : 1, True2 : 1;
    UCHAR Reserved7;
    UCHAR LeadInMsf[3];
    UCHAR Reserved8;
    UCHAR LeadOutMsf[3];
    UCHAR Reserved9;
    UCHAR A1Values[3];
    UCHAR Reserved10;
    UCHAR A2Values[3];
    UCHAR Reserved11;
    UCHAR A3Values[3];
    UCHAR Reserved12;
} CDROM_TOC_ATIP_DATA_BLOCK, *PCDROM_TOC_ATIP_DATA_BLOCK;

typedef struct _CDROM_TOC_ATIP_DATA {
    UCHAR Length[2];
    UCHAR Reserved1;
    UCHAR Reserved2;
    CDROM_TOC_ATIP_DATA_BLOCK Descriptors[0];
} CDROM_TOC_ATIP_DATA, *PCDROM_TOC_ATIP_DATA;

#define CDROM_CD_TEXT_PACK_ALBUM_NAME 0x80
#define CDROM_CD_TEXT_PACK_PERFORMER  0x81
#define CDROM_CD_TEXT_PACK_SONGWRITER 0x82
#define CDROM_CD_TEXT_PACK_COMPOSER   0x83
#define CDROM_CD_TEXT_PACK_ARRANGER   0x84
#define CDROM_CD_TEXT_PACK_MESSAGES   0x85
#define CDROM_CD_TEXT_PACK_DISC_ID    0x86
#define CDROM_CD_TEXT_PACK_GENRE      0x87
#define CDROM_CD_TEXT_PACK_TOC_INFO   0x88
#define CDROM_CD_TEXT_PACK_TOC_INFO2  0x89
#define CDROM_CD_TEXT_PACK_UPC_EAN    0x8e
#define CDROM_CD_TEXT_PACK_SIZE_INFO  0x8f

typedef struct _CDROM_TOC_CD_TEXT_DATA_BLOCK {
    UCHAR PackType;
    UCHAR TrackNumber : 7, ExtensionFlag : 1;
    UCHAR SequenceNumber;
    UCHAR CharacterPosition : 4, BlockNumber : 3, Unicode : 1;
    union {
        UCHAR Text[12];
        WCHAR WText[6];
    };
    UCHAR CRC[2];
} CDROM_TOC_CD_TEXT_DATA_BLOCK, *PCDROM_TOC_CD_TEXT_DATA_BLOCK;

typedef struct _CDROM_TOC_CD_TEXT_DATA {
    UCHAR Length[2];
    UCHAR Reserved1;
    UCHAR Reserved2;
    CDROM_TOC_CD_TEXT_DATA_BLOCK Descriptors[0];
} CDROM_TOC_CD_TEXT_DATA, *PCDROM_TOC_CD_TEXT_DATA;

/* Audio. */

typedef struct _CDROM_PLAY_AUDIO_MSF {
    UCHAR StartingM, StartingS, StartingF;
    UCHAR EndingM, EndingS, EndingF;
} CDROM_PLAY_AUDIO_MSF, *PCDROM_PLAY_AUDIO_MSF;

typedef struct _CDROM_SEEK_AUDIO_MSF {
    UCHAR M, S, F;
} CDROM_SEEK_AUDIO_MSF, *PCDROM_SEEK_AUDIO_MSF;

#define AUDIO_WITH_PREEMPHASIS 0x1
#define DIGITAL_COPY_PERMITTED 0x2
#define AUDIO_DATA_TRACK       0x4
#define TWO_FOUR_CHANNEL_AUDIO 0x8

typedef struct _CDROM_AUDIO_CONTROL {
    UCHAR LbaFormat;
    USHORT LogicalBlocksPerSecond;
} CDROM_AUDIO_CONTROL, *PCDROM_AUDIO_CONTROL;

typedef struct _VOLUME_CONTROL {
    UCHAR PortVolume[4];
} VOLUME_CONTROL, *PVOLUME_CONTROL;

/* Sub-channel Q, MMC-6 section 6.24. */

#define IOCTL_CDROM_SUB_Q_CHANNEL    0x00
#define IOCTL_CDROM_CURRENT_POSITION 0x01
#define IOCTL_CDROM_MEDIA_CATALOG    0x02
#define IOCTL_CDROM_TRACK_ISRC       0x03

typedef struct _CDROM_SUB_Q_DATA_FORMAT {
    UCHAR Format;
    UCHAR Track;
} CDROM_SUB_Q_DATA_FORMAT, *PCDROM_SUB_Q_DATA_FORMAT;

#define AUDIO_STATUS_NOT_SUPPORTED 0x00
#define AUDIO_STATUS_IN_PROGRESS   0x11
#define AUDIO_STATUS_PAUSED        0x12
#define AUDIO_STATUS_PLAY_COMPLETE 0x13
#define AUDIO_STATUS_PLAY_ERROR    0x14
#define AUDIO_STATUS_NO_STATUS     0x15

typedef struct _SUB_Q_HEADER {
    UCHAR Reserved;
    UCHAR AudioStatus;
    UCHAR DataLength[2];
} SUB_Q_HEADER, *PSUB_Q_HEADER;

typedef struct _SUB_Q_CURRENT_POSITION {
    SUB_Q_HEADER Header;
    UCHAR FormatCode;
    UCHAR Control : 4, ADR : 4;
    UCHAR TrackNumber;
    UCHAR IndexNumber;
    UCHAR AbsoluteAddress[4];
    UCHAR TrackRelativeAddress[4];
} SUB_Q_CURRENT_POSITION, *PSUB_Q_CURRENT_POSITION;

typedef struct _SUB_Q_MEDIA_CATALOG_NUMBER {
    SUB_Q_HEADER Header;
    UCHAR FormatCode;
    UCHAR Reserved[3];
    UCHAR Reserved1 : 7, Mcval : 1;
    UCHAR MediaCatalog[15];
} SUB_Q_MEDIA_CATALOG_NUMBER, *PSUB_Q_MEDIA_CATALOG_NUMBER;

typedef struct _SUB_Q_TRACK_ISRC {
    SUB_Q_HEADER Header;
    UCHAR FormatCode;
    UCHAR Reserved0;
    UCHAR Track;
    UCHAR Reserved1;
    UCHAR Reserved2 : 7, Tcval : 1;
    UCHAR TrackIsrc[15];
} SUB_Q_TRACK_ISRC, *PSUB_Q_TRACK_ISRC;

typedef union _SUB_Q_CHANNEL_DATA {
    SUB_Q_CURRENT_POSITION CurrentPosition;
    SUB_Q_MEDIA_CATALOG_NUMBER MediaCatalog;
    SUB_Q_TRACK_ISRC TrackIsrc;
} SUB_Q_CHANNEL_DATA, *PSUB_Q_CHANNEL_DATA;

/* Raw sectors. DiskOffset counts in 2048-byte sectors whatever the mode. */

#define CD_RAW_READ_C2_SIZE             296
#define CD_RAW_READ_SUBCODE_SIZE        96
#define CD_RAW_SECTOR_WITH_C2_SIZE      (2352 + CD_RAW_READ_C2_SIZE)
#define CD_RAW_SECTOR_WITH_SUBCODE_SIZE (2352 + CD_RAW_READ_SUBCODE_SIZE)
#define CD_RAW_SECTOR_WITH_C2_AND_SUBCODE_SIZE                                                     \
    (2352 + CD_RAW_READ_C2_SIZE + CD_RAW_READ_SUBCODE_SIZE)

typedef enum _TRACK_MODE_TYPE {
    YellowMode2,
    XAForm2,
    CDDA,
    RawWithC2AndSubCode,
    RawWithC2,
    RawWithSubCode
} TRACK_MODE_TYPE,
    *PTRACK_MODE_TYPE;

typedef struct __RAW_READ_INFO {
    LARGE_INTEGER DiskOffset;
    ULONG SectorCount;
    TRACK_MODE_TYPE TrackMode;
} RAW_READ_INFO, *PRAW_READ_INFO;

/* Speed. */

typedef enum _CDROM_SPEED_REQUEST {
    CdromSetSpeed,
    CdromSetStreaming
} CDROM_SPEED_REQUEST,
    *PCDROM_SPEED_REQUEST;
typedef enum _WRITE_ROTATION {
    CdromDefaultRotation,
    CdromCAVRotation
} WRITE_ROTATION,
    *PWRITE_ROTATION;

typedef struct _CDROM_SET_SPEED {
    CDROM_SPEED_REQUEST RequestType;
    USHORT ReadSpeed;
    USHORT WriteSpeed;
    WRITE_ROTATION RotationControl;
} CDROM_SET_SPEED, *PCDROM_SET_SPEED;

/* Exclusive access, for burning. */

#define CDROM_EXCLUSIVE_CALLER_LENGTH 64
#define CDROM_LOCK_IGNORE_VOLUME      0x00000001
#define CDROM_NO_MEDIA_NOTIFICATIONS  0x00000002
#define CDROM_NOT_IN_EXCLUSIVE_MODE   0x00000000
#define CDROM_IN_EXCLUSIVE_MODE       0x00000001

typedef enum _EXCLUSIVE_ACCESS_REQUEST_TYPE {
    ExclusiveAccessQueryState,
    ExclusiveAccessLockDevice,
    ExclusiveAccessUnlockDevice
} EXCLUSIVE_ACCESS_REQUEST_TYPE,
    *PEXCLUSIVE_ACCESS_REQUEST_TYPE;

typedef struct _CDROM_EXCLUSIVE_ACCESS {
    EXCLUSIVE_ACCESS_REQUEST_TYPE RequestType;
    ULONG Flags;
} CDROM_EXCLUSIVE_ACCESS, *PCDROM_EXCLUSIVE_ACCESS;

typedef struct _CDROM_EXCLUSIVE_LOCK {
    CDROM_EXCLUSIVE_ACCESS Access;
    UCHAR CallerName[CDROM_EXCLUSIVE_CALLER_LENGTH];
} CDROM_EXCLUSIVE_LOCK, *PCDROM_EXCLUSIVE_LOCK;

typedef struct _CDROM_EXCLUSIVE_LOCK_STATE {
    BOOLEAN LockState;
    UCHAR CallerName[CDROM_EXCLUSIVE_CALLER_LENGTH];
} CDROM_EXCLUSIVE_LOCK_STATE, *PCDROM_EXCLUSIVE_LOCK_STATE;

#endif
