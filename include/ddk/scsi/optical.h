/* SPDX-License-Identifier: MIT */
/*
 * scsi/optical.h - what optical drives return: events, disc and track information, keys, capacities
 * for formatting, changer state. Source: MMC-6 section 6 (and MMC-5 for keys).
 */
#ifndef NTIO_DDK_SCSI_OPTICAL_H
#define NTIO_DDK_SCSI_OPTICAL_H

#include "../ntdef.h"

/* GET EVENT STATUS NOTIFICATION, MMC-6 section 6.6: classes, then events and states of each. */
#define NOTIFICATION_OPERATIONAL_CHANGE_CLASS_MASK       0x2
#define NOTIFICATION_POWER_MANAGEMENT_CLASS_MASK         0x4
#define NOTIFICATION_EXTERNAL_REQUEST_CLASS_MASK         0x8
#define NOTIFICATION_MEDIA_STATUS_CLASS_MASK             0x10
#define NOTIFICATION_MULTI_HOST_CLASS_MASK               0x20
#define NOTIFICATION_DEVICE_BUSY_CLASS_MASK              0x40
#define NOTIFICATION_NO_CLASS_EVENTS                     0x0
#define NOTIFICATION_OPERATIONAL_CHANGE_CLASS_EVENTS     0x1
#define NOTIFICATION_POWER_MANAGEMENT_CLASS_EVENTS       0x2
#define NOTIFICATION_EXTERNAL_REQUEST_CLASS_EVENTS       0x3
#define NOTIFICATION_MEDIA_STATUS_CLASS_EVENTS           0x4
#define NOTIFICATION_MULTI_HOST_CLASS_EVENTS             0x5
#define NOTIFICATION_DEVICE_BUSY_CLASS_EVENTS            0x6
#define NOTIFICATION_OPERATIONAL_EVENT_NO_CHANGE         0x0
#define NOTIFICATION_OPERATIONAL_STATUS_AVAILABLE        0x0
#define NOTIFICATION_OPERATIONAL_OPCODE_NONE             0x0
#define NOTIFICATION_OPERATIONAL_EVENT_CHANGE_REQUESTED  0x1
#define NOTIFICATION_OPERATIONAL_STATUS_TEMPORARY_BUSY   0x1
#define NOTIFICATION_OPERATIONAL_OPCODE_FEATURE_CHANGE   0x1
#define NOTIFICATION_OPERATIONAL_EVENT_CHANGE_OCCURRED   0x2
#define NOTIFICATION_OPERATIONAL_STATUS_EXTENDED_BUSY    0x2
#define NOTIFICATION_OPERATIONAL_OPCODE_FEATURE_ADDED    0x2
#define NOTIFICATION_OPERATIONAL_OPCODE_UNIT_RESET       0x3
#define NOTIFICATION_OPERATIONAL_OPCODE_FIRMWARE_CHANGED 0x4
#define NOTIFICATION_OPERATIONAL_OPCODE_INQUIRY_CHANGED  0x5
#define NOTIFICATION_POWER_EVENT_NO_CHANGE               0x0
#define NOTIFICATION_POWER_EVENT_CHANGE_SUCCEEDED        0x1
#define NOTIFICATION_POWER_STATUS_ACTIVE                 0x1
#define NOTIFICATION_POWER_EVENT_CHANGE_FAILED           0x2
#define NOTIFICATION_POWER_STATUS_IDLE                   0x2
#define NOTIFICATION_POWER_STATUS_STANDBY                0x3
#define NOTIFICATION_POWER_STATUS_SLEEP                  0x4
#define NOTIFICATION_EXTERNAL_EVENT_NO_CHANGE            0x0
#define NOTIFICATION_EXTERNAL_STATUS_READY               0x0
#define NOTIFICATION_EXTERNAL_REQUEST_NONE               0x0
#define NOTIFICATION_EXTERNAL_EVENT_BUTTON_DOWN          0x1
#define NOTIFICATION_EXTERNAL_STATUS_PREVENT             0x1
#define NOTIFICATION_EXTERNAL_REQUEST_QUEUE_OVERRUN      0x1
#define NOTIFICATION_EXTERNAL_EVENT_BUTTON_UP            0x2
#define NOTIFICATION_EXTERNAL_EVENT_EXTERNAL             0x3
#define NOTIFICATION_EXTERNAL_REQUEST_PLAY               0x101
#define NOTIFICATION_EXTERNAL_REQUEST_REWIND_BACK        0x102
#define NOTIFICATION_EXTERNAL_REQUEST_FAST_FORWARD       0x103
#define NOTIFICATION_EXTERNAL_REQUEST_PAUSE              0x104
#define NOTIFICATION_EXTERNAL_REQUEST_STOP               0x106
#define NOTIFICATION_EXTERNAL_REQUEST_ASCII_LOW          0x200
#define NOTIFICATION_EXTERNAL_REQUEST_ASCII_HIGH         0x2ff
#define NOTIFICATION_MEDIA_EVENT_NO_EVENT                0x0
#define NOTIFICATION_MEDIA_EVENT_NO_CHANGE               0x0
#define NOTIFICATION_MEDIA_EVENT_EJECT_REQUEST           0x1
#define NOTIFICATION_MEDIA_EVENT_NEW_MEDIA               0x2
#define NOTIFICATION_MEDIA_EVENT_MEDIA_REMOVAL           0x3
#define NOTIFICATION_MEDIA_EVENT_MEDIA_CHANGE            0x4
#define NOTIFICATION_MULTI_HOST_EVENT_NO_CHANGE          0x0
#define NOTIFICATION_MULTI_HOST_STATUS_READY             0x0
#define NOTIFICATION_MULTI_HOST_PRIORITY_NO_REQUESTS     0x0
#define NOTIFICATION_MULTI_HOST_EVENT_CONTROL_REQUEST    0x1
#define NOTIFICATION_MULTI_HOST_STATUS_PREVENT           0x1
#define NOTIFICATION_MULTI_HOST_PRIORITY_LOW             0x1
#define NOTIFICATION_MULTI_HOST_EVENT_CONTROL_GRANT      0x2
#define NOTIFICATION_MULTI_HOST_PRIORITY_MEDIUM          0x2
#define NOTIFICATION_MULTI_HOST_EVENT_CONTROL_RELEASE    0x3
#define NOTIFICATION_MULTI_HOST_PRIORITY_HIGH            0x3
#define NOTIFICATION_BUSY_EVENT_NO_EVENT                 0x0
#define NOTIFICATION_BUSY_EVENT_NO_CHANGE                0x0
#define NOTIFICATION_BUSY_STATUS_NO_EVENT                0x0
#define NOTIFICATION_BUSY_EVENT_BUSY                     0x1
#define NOTIFICATION_BUSY_STATUS_POWER                   0x1
#define NOTIFICATION_BUSY_EVENT_LO_CHANGE                0x2
#define NOTIFICATION_BUSY_STATUS_IMMEDIATE               0x2
#define NOTIFICATION_BUSY_STATUS_DEFERRED                0x3

#pragma pack(push, 1)

typedef struct _NOTIFICATION_EVENT_STATUS_HEADER {
    UCHAR EventDataLength[2];
    UCHAR NotificationClass : 3, Reserved : 4, NEA : 1;
    UCHAR SupportedEventClasses;
    UCHAR ClassEventData[0];
} NOTIFICATION_EVENT_STATUS_HEADER, *PNOTIFICATION_EVENT_STATUS_HEADER;

typedef struct _NOTIFICATION_OPERATIONAL_STATUS {
    UCHAR OperationalEvent : 4, Reserved1 : 4;
    UCHAR OperationalStatus : 4, Reserved2 : 3, PersistentPrevented : 1;
    UCHAR Operation[2];
} NOTIFICATION_OPERATIONAL_STATUS, *PNOTIFICATION_OPERATIONAL_STATUS;

typedef struct _NOTIFICATION_POWER_STATUS {
    UCHAR PowerEvent : 4, Reserved : 4;
    UCHAR PowerStatus;
    UCHAR Reserved2[2];
} NOTIFICATION_POWER_STATUS, *PNOTIFICATION_POWER_STATUS;

typedef struct _NOTIFICATION_EXTERNAL_STATUS {
    UCHAR ExternalEvent : 4, Reserved1 : 4;
    UCHAR ExternalStatus : 4, Reserved2 : 3, PersistentPrevented : 1;
    UCHAR Request[2];
} NOTIFICATION_EXTERNAL_STATUS, *PNOTIFICATION_EXTERNAL_STATUS;

typedef struct _NOTIFICATION_MEDIA_STATUS {
    UCHAR MediaEvent : 4, Reserved : 4;
    union {
        UCHAR PowerStatus;
        UCHAR MediaStatus;
        struct {
            UCHAR DoorTrayOpen : 1, MediaPresent : 1, ReservedX : 6;
        };
    };
    UCHAR StartSlot;
    UCHAR EndSlot;
} NOTIFICATION_MEDIA_STATUS, *PNOTIFICATION_MEDIA_STATUS;

typedef struct _NOTIFICATION_MULTI_HOST_STATUS {
    UCHAR MultiHostEvent : 4, Reserved1 : 4;
    UCHAR MultiHostStatus : 4, Reserved2 : 3, PersistentPrevented : 1;
    UCHAR Priority[2];
} NOTIFICATION_MULTI_HOST_STATUS, *PNOTIFICATION_MULTI_HOST_STATUS;

typedef struct _NOTIFICATION_BUSY_STATUS {
    UCHAR DeviceBusyEvent : 4, Reserved : 4;
    UCHAR DeviceBusyStatus;
    UCHAR Time[2];
} NOTIFICATION_BUSY_STATUS, *PNOTIFICATION_BUSY_STATUS;

/* Discs and tracks, MMC-6 sections 6.20, 6.21, 6.26. */
#define CD_EXPECTED_SECTOR_ANY         0x00
#define DATA_BLOCK_MODE0               0x00
#define DISC_BGFORMAT_STATE_NONE       0x00
#define DISK_STATUS_EMPTY              0x00
#define DISK_TYPE_CDDA                 0x00
#define LAST_SESSION_EMPTY             0x00
#define READ_TOC_FORMAT_TOC            0x00
#define CD_EXPECTED_SECTOR_CDDA        0x01
#define DATA_BLOCK_MODE1               0x01
#define DISC_BGFORMAT_STATE_INCOMPLETE 0x01
#define DISK_STATUS_INCOMPLETE         0x01
#define LAST_SESSION_INCOMPLETE        0x01
#define READ_TOC_FORMAT_SESSION        0x01
#define CD_EXPECTED_SECTOR_MODE1       0x02
#define DATA_BLOCK_MODE2               0x02
#define DISC_BGFORMAT_STATE_RUNNING    0x02
#define DISK_STATUS_COMPLETE           0x02
#define LAST_SESSION_RESERVED_DAMAGED  0x02
#define READ_TOC_FORMAT_FULL_TOC       0x02
#define CD_EXPECTED_SECTOR_MODE2       0x03
#define DISC_BGFORMAT_STATE_COMPLETE   0x03
#define DISK_STATUS_OTHERS             0x03
#define LAST_SESSION_COMPLETE          0x03
#define READ_TOC_FORMAT_PMA            0x03
#define CD_EXPECTED_SECTOR_MODE2_FORM1 0x04
#define READ_TOC_FORMAT_ATIP           0x04
#define CD_EXPECTED_SECTOR_MODE2_FORM2 0x05
#define DISK_TYPE_CDI                  0x10
#define DISK_TYPE_XA                   0x20
#define DISK_TYPE_UNDEFINED            0xff
#define BLANK_FULL                     0x00
#define BLANK_MINIMAL                  0x01
#define BLANK_TRACK                    0x02
#define BLANK_UNRESERVE_TRACK          0x03
#define BLANK_TAIL                     0x04
#define BLANK_UNCLOSE_SESSION          0x05
#define BLANK_SESSION                  0x06

typedef struct _OPC_TABLE_ENTRY {
    UCHAR Speed[2];
    UCHAR OPCValue[6];
} OPC_TABLE_ENTRY, *POPC_TABLE_ENTRY;

typedef struct _DISC_INFORMATION {
    UCHAR Length[2];
    UCHAR DiscStatus : 2, LastSessionStatus : 2, Erasable : 1, Reserved1 : 3;
    UCHAR FirstTrackNumber;
    UCHAR NumberOfSessionsLsb;
    UCHAR LastSessionFirstTrackLsb;
    UCHAR LastSessionLastTrackLsb;
    UCHAR MrwStatus : 2, MrwDirtyBit : 1, Reserved2 : 2, URU : 1, DBC_V : 1, DID_V : 1;
    UCHAR DiscType;
    UCHAR NumberOfSessionsMsb;
    UCHAR LastSessionFirstTrackMsb;
    UCHAR LastSessionLastTrackMsb;
    UCHAR DiskIdentification[4];
    UCHAR LastSessionLeadIn[4];
    UCHAR LastPossibleLeadOutStartTime[4];
    UCHAR DiskBarCode[8];
    UCHAR Reserved4;
    UCHAR NumberOPCEntries;
    OPC_TABLE_ENTRY OPCTable[1];
} DISC_INFORMATION, *PDISC_INFORMATION;

typedef struct _DISK_INFORMATION {
    UCHAR Length[2];
    UCHAR DiskStatus : 2, LastSessionStatus : 2, Erasable : 1, Reserved1 : 3;
    UCHAR FirstTrackNumber;
    UCHAR NumberOfSessions;
    UCHAR LastSessionFirstTrack;
    UCHAR LastSessionLastTrack;
    UCHAR Reserved2 : 5, GEN : 1, DBC_V : 1, DID_V : 1;
    UCHAR DiskType;
    UCHAR Reserved3[3];
    UCHAR DiskIdentification[4];
    UCHAR LastSessionLeadIn[4];
    UCHAR LastPossibleStartTime[4];
    UCHAR DiskBarCode[8];
    UCHAR Reserved4;
    UCHAR NumberOPCEntries;
    OPC_TABLE_ENTRY OPCTable[0];
} DISK_INFORMATION, *PDISK_INFORMATION;

typedef struct _DATA_BLOCK_HEADER {
    UCHAR DataMode;
    UCHAR Reserved[4];
    union {
        UCHAR LogicalBlockAddress[4];
        struct {
            UCHAR Reserved;
            UCHAR M;
            UCHAR S;
            UCHAR F;
        } MSF;
    };
} DATA_BLOCK_HEADER, *PDATA_BLOCK_HEADER;

typedef struct _TRACK_INFORMATION {
    UCHAR Length[2];
    UCHAR TrackNumber;
    UCHAR SessionNumber;
    UCHAR Reserved1;
    UCHAR TrackMode : 4, Copy : 1, Damage : 1, Reserved2 : 2;
    UCHAR DataMode : 4, FP : 1, Packet : 1, Blank : 1, RT : 1;
    UCHAR NWA_V : 1, Reserved3 : 7;
    UCHAR TrackStartAddress[4];
    UCHAR NextWritableAddress[4];
    UCHAR FreeBlocks[4];
    UCHAR FixedPacketSize[4];
} TRACK_INFORMATION, *PTRACK_INFORMATION;

#define NTIO_TRACK_INFORMATION_2                                                                   \
    UCHAR Length[2];                                                                               \
    UCHAR TrackNumberLsb;                                                                          \
    UCHAR SessionNumberLsb;                                                                        \
    UCHAR Reserved4;                                                                               \
    UCHAR TrackMode : 4, Copy : 1, Damage : 1, Reserved5 : 2;                                      \
    UCHAR DataMode : 4, FixedPacket : 1, Packet : 1, Blank : 1, ReservedTrack : 1;                 \
    UCHAR NWA_V : 1, LRA_V : 1, Reserved6 : 6;                                                     \
    UCHAR TrackStartAddress[4];                                                                    \
    UCHAR NextWritableAddress[4];                                                                  \
    UCHAR FreeBlocks[4];                                                                           \
    UCHAR FixedPacketSize[4];                                                                      \
    UCHAR TrackSize[4];                                                                            \
    UCHAR LastRecordedAddress[4];                                                                  \
    UCHAR TrackNumberMsb;                                                                          \
    UCHAR SessionNumberMsb;                                                                        \
    UCHAR Reserved7[2];

typedef struct _TRACK_INFORMATION2 {
    NTIO_TRACK_INFORMATION_2
} TRACK_INFORMATION2, *PTRACK_INFORMATION2;

typedef struct _TRACK_INFORMATION3 {
    NTIO_TRACK_INFORMATION_2
    UCHAR ReadCompatibilityLba[4];
} TRACK_INFORMATION3, *PTRACK_INFORMATION3;

typedef struct _PERFORMANCE_DESCRIPTOR {
    UCHAR RandomAccess : 1, Exact : 1, RestoreDefaults : 1, WriteRotationControl : 2, Reserved1 : 3;
    UCHAR Reserved[3];
    UCHAR StartLba[4];
    UCHAR EndLba[4];
    UCHAR ReadSize[4];
    UCHAR ReadTime[4];
    UCHAR WriteSize[4];
    UCHAR WriteTime[4];
} PERFORMANCE_DESCRIPTOR, *PPERFORMANCE_DESCRIPTOR;

/* Formatting, MMC-6 sections 6.5 and 6.23. */
typedef struct _FORMAT_DESCRIPTOR {
    UCHAR NumberOfBlocks[4];
    UCHAR FormatSubType : 2, FormatType : 6;
    UCHAR BlockLength[3];
} FORMAT_DESCRIPTOR, *PFORMAT_DESCRIPTOR;

typedef struct _FORMAT_LIST_HEADER {
    UCHAR Reserved;
    UCHAR VendorSpecific : 1, Immediate : 1, TryOut : 1, IP : 1, STPF : 1, DCRT : 1, DPRY : 1,
        FOV : 1;
    UCHAR FormatDescriptorLength[2];
    FORMAT_DESCRIPTOR Descriptors[0];
} FORMAT_LIST_HEADER, *PFORMAT_LIST_HEADER;

typedef struct _FORMATTED_CAPACITY_DESCRIPTOR {
    UCHAR NumberOfBlocks[4];
    UCHAR Maximum : 1, Valid : 1, FormatType : 6;
    UCHAR BlockLength[3];
} FORMATTED_CAPACITY_DESCRIPTOR, *PFORMATTED_CAPACITY_DESCRIPTOR;

typedef struct _FORMATTED_CAPACITY_LIST {
    UCHAR Reserved[3];
    UCHAR CapacityListLength;
    FORMATTED_CAPACITY_DESCRIPTOR Descriptors[0];
} FORMATTED_CAPACITY_LIST, *PFORMATTED_CAPACITY_LIST;

/* DVD structures and keys, MMC-6 sections 6.22, 6.28, 6.38. */
#define DVD_FORMAT_LEAD_IN       0x00
#define DVD_REPORT_AGID          0x00
#define DVD_CHALLENGE_KEY        0x01
#define DVD_FORMAT_COPYRIGHT     0x01
#define DVD_FORMAT_DISK_KEY      0x02
#define DVD_KEY_1                0x02
#define DVD_FORMAT_BCA           0x03
#define DVD_KEY_2                0x03
#define DVD_FORMAT_MANUFACTURING 0x04
#define DVD_TITLE_KEY            0x04
#define DVD_REPORT_ASF           0x05
#define DVD_INVALIDATE_AGID      0x3f

typedef struct _READ_DVD_STRUCTURES_HEADER {
    UCHAR Length[2];
    UCHAR Reserved[2];
    UCHAR Data[0];
} READ_DVD_STRUCTURES_HEADER, *PREAD_DVD_STRUCTURES_HEADER;

typedef struct _CDVD_KEY_HEADER {
    UCHAR DataLength[2];
    UCHAR Reserved[2];
    UCHAR Data[0];
} CDVD_KEY_HEADER, *PCDVD_KEY_HEADER;

typedef struct _CDVD_REPORT_AGID_DATA {
    UCHAR Reserved1[3];
    UCHAR Reserved2 : 6, AGID : 2;
} CDVD_REPORT_AGID_DATA, *PCDVD_REPORT_AGID_DATA;

typedef struct _CDVD_CHALLENGE_KEY_DATA {
    UCHAR ChallengeKeyValue[10];
    UCHAR Reserved[2];
} CDVD_CHALLENGE_KEY_DATA, *PCDVD_CHALLENGE_KEY_DATA;

typedef struct _CDVD_KEY_DATA {
    UCHAR Key[5];
    UCHAR Reserved[3];
} CDVD_KEY_DATA, *PCDVD_KEY_DATA;

typedef struct _CDVD_REPORT_ASF_DATA {
    UCHAR Reserved1[3];
    UCHAR Success : 1, Reserved2 : 7;
} CDVD_REPORT_ASF_DATA, *PCDVD_REPORT_ASF_DATA;

typedef struct _CDVD_TITLE_KEY_HEADER {
    UCHAR DataLength[2];
    UCHAR Reserved1[1];
    UCHAR Reserved2 : 3, CGMS : 2, CP_SEC : 1, CPM : 1, Zero : 1;
    CDVD_KEY_DATA TitleKey;
} CDVD_TITLE_KEY_HEADER, *PCDVD_TITLE_KEY_HEADER;

/* Changers, MMC-6 section 6.10. */
typedef struct _MECHANICAL_STATUS_INFORMATION_HEADER {
    UCHAR CurrentSlot : 5, ChangerState : 2, Fault : 1;
    UCHAR Reserved : 5, MechanismState : 3;
    UCHAR CurrentLogicalBlockAddress[3];
    UCHAR NumberAvailableSlots;
    UCHAR SlotTableLength[2];
} MECHANICAL_STATUS_INFORMATION_HEADER, *PMECHANICAL_STATUS_INFORMATION_HEADER;

typedef struct _SLOT_TABLE_INFORMATION {
    UCHAR DiscChanged : 1, Reserved : 6, DiscPresent : 1;
    UCHAR Reserved2[3];
} SLOT_TABLE_INFORMATION, *PSLOT_TABLE_INFORMATION;

typedef struct _MECHANICAL_STATUS {
    MECHANICAL_STATUS_INFORMATION_HEADER MechanicalStatusHeader;
    SLOT_TABLE_INFORMATION SlotTableInfo[1];
} MECHANICAL_STATUS, *PMECHANICAL_STATUS;

typedef struct _READ_BUFFER_CAPACITY_DATA {
    UCHAR DataLength[2];
    UCHAR Reserved1;
    UCHAR BlockDataReturned : 1, Reserved4 : 7;
    UCHAR TotalBufferSize[4];
    UCHAR AvailableBufferSize[4];
} READ_BUFFER_CAPACITY_DATA, *PREAD_BUFFER_CAPACITY_DATA;

#pragma pack(pop)

#endif
