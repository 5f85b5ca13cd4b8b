/* SPDX-License-Identifier: MIT */
/*
 * scsi/inquiry.h - what a device says of itself: standard INQUIRY data, vital product data, LUN
 * lists, persistent reservations. Sources: SPC-4 sections 6.6, 6.16, 6.33, 7.8; SBC-3 section 6.5.
 */
#ifndef NTIO_DDK_SCSI_INQUIRY_H
#define NTIO_DDK_SCSI_INQUIRY_H

#include "../ntdef.h"

/* Peripheral device types and qualifiers. */
#define DIRECT_ACCESS_DEVICE              0x00
#define SEQUENTIAL_ACCESS_DEVICE          0x01
#define PRINTER_DEVICE                    0x02
#define MODE_PAGE_FORMAT_DEVICE           0x03
#define PROCESSOR_DEVICE                  0x03
#define WRITE_ONCE_READ_MULTIPLE_DEVICE   0x04
#define READ_ONLY_DIRECT_ACCESS_DEVICE    0x05
#define SCANNER_DEVICE                    0x06
#define OPTICAL_DEVICE                    0x07
#define MEDIUM_CHANGER                    0x08
#define COMMUNICATION_DEVICE              0x09
#define ARRAY_CONTROLLER_DEVICE           0x0c
#define SCSI_ENCLOSURE_DEVICE             0x0d
#define REDUCED_BLOCK_DEVICE              0x0e
#define OPTICAL_CARD_READER_WRITER_DEVICE 0x0f
#define BRIDGE_CONTROLLER_DEVICE          0x10
#define OBJECT_BASED_STORAGE_DEVICE       0x11
#define HOST_MANAGED_ZONED_BLOCK_DEVICE   0x14
#define UNKNOWN_OR_NO_DEVICE              0x1f
#define SCSI_ADSENSE_NO_MEDIA_IN_DEVICE   0x3a
#define LOGICAL_UNIT_NOT_PRESENT_DEVICE   0x7f
#define DEVICE_QUALIFIER_ACTIVE           0x00
#define DEVICE_CONNECTED                  0x00
#define DEVICE_QUALIFIER_NOT_ACTIVE       0x01
#define DEVICE_QUALIFIER_NOT_SUPPORTED    0x03
#define INQUIRYDATABUFFERSIZE             36

#pragma pack(push, 1)

typedef USHORT VERSION_DESCRIPTOR, *PVERSION_DESCRIPTOR;

typedef struct _INQUIRYDATA {
    UCHAR DeviceType : 5, DeviceTypeQualifier : 3;
    UCHAR DeviceTypeModifier : 7, RemovableMedia : 1;
    union {
        UCHAR Versions;
        struct {
            UCHAR ANSIVersion : 3, ECMAVersion : 3, ISOVersion : 2;
        };
    };
    UCHAR ResponseDataFormat : 4, HiSupport : 1, NormACA : 1, TerminateTask : 1, AERC : 1;
    UCHAR AdditionalLength;
    union {
        UCHAR Reserved;
        struct {
            UCHAR PROTECT : 1, Reserved_1 : 2, ThirdPartyCoppy : 1, TPGS : 2, ACC : 1, SCCS : 1;
        };
    };
    UCHAR Addr16 : 1, Addr32 : 1, AckReqQ : 1, MediumChanger : 1, MultiPort : 1, ReservedBit2 : 1,
        EnclosureServices : 1, ReservedBit3 : 1;
    UCHAR SoftReset : 1, CommandQueue : 1, TransferDisable : 1, LinkedCommands : 1, Synchronous : 1,
        Wide16Bit : 1, Wide32Bit : 1, RelativeAddressing : 1;
    UCHAR VendorId[8];
    UCHAR ProductId[16];
    UCHAR ProductRevisionLevel[4];
    UCHAR VendorSpecific[20];
    UCHAR Reserved3[2];
    VERSION_DESCRIPTOR VersionDescriptors[8]; /* big-endian */
    UCHAR Reserved4[30];
} INQUIRYDATA, *PINQUIRYDATA;

#define OFFSET_VER_DESCRIPTOR_ONE   (FIELD_OFFSET(INQUIRYDATA, VersionDescriptors[0]))
#define OFFSET_VER_DESCRIPTOR_EIGHT (FIELD_OFFSET(INQUIRYDATA, VersionDescriptors[8]))

/* Vital product data pages. */
#define VPD_SUPPORTED_PAGES                0x00
#define VPD_SERIAL_NUMBER                  0x80
#define VPD_DEVICE_IDENTIFIERS             0x83
#define VPD_MEDIA_SERIAL_NUMBER            0x84
#define VPD_SOFTWARE_INTERFACE_IDENTIFIERS 0x84
#define VPD_NETWORK_MANAGEMENT_ADDRESSES   0x85
#define VPD_EXTENDED_INQUIRY_DATA          0x86
#define VPD_MODE_PAGE_POLICY               0x87
#define VPD_SCSI_PORTS                     0x88
#define VPD_ATA_INFORMATION                0x89
#define VPD_THIRD_PARTY_COPY               0x8f
#define VPD_BLOCK_LIMITS                   0xb0
#define VPD_BLOCK_DEVICE_CHARACTERISTICS   0xb1
#define VPD_LOGICAL_BLOCK_PROVISIONING     0xb2
#define VPD_MAX_BUFFER_SIZE                0xff

#define NTIO_VPD_HEAD                                                                              \
    UCHAR DeviceType : 5, DeviceTypeQualifier : 3;                                                 \
    UCHAR PageCode;                                                                                \
    UCHAR Reserved;                                                                                \
    UCHAR PageLength;

typedef struct _VPD_SUPPORTED_PAGES_PAGE {
    NTIO_VPD_HEAD
    UCHAR SupportedPageList[0];
} VPD_SUPPORTED_PAGES_PAGE, *PVPD_SUPPORTED_PAGES_PAGE;

typedef struct _VPD_SERIAL_NUMBER_PAGE {
    NTIO_VPD_HEAD
    UCHAR SerialNumber[0];
} VPD_SERIAL_NUMBER_PAGE, *PVPD_SERIAL_NUMBER_PAGE;

typedef struct _VPD_MEDIA_SERIAL_NUMBER_PAGE {
    NTIO_VPD_HEAD
    UCHAR SerialNumber[0];
} VPD_MEDIA_SERIAL_NUMBER_PAGE, *PVPD_MEDIA_SERIAL_NUMBER_PAGE;

typedef struct _VPD_IDENTIFICATION_PAGE {
    NTIO_VPD_HEAD
    UCHAR Descriptors[0];
} VPD_IDENTIFICATION_PAGE, *PVPD_IDENTIFICATION_PAGE;

typedef enum _VPD_CODE_SET {
    VpdCodeSetReserved = 0,
    VpdCodeSetBinary = 1,
    VpdCodeSetAscii = 2,
    VpdCodeSetUTF8 = 3
} VPD_CODE_SET,
    *PVPD_CODE_SET;

typedef enum _VPD_ASSOCIATION {
    VpdAssocDevice = 0,
    VpdAssocPort = 1,
    VpdAssocTarget = 2,
    VpdAssocReserved1 = 3,
    VpdAssocReserved2 = 4
} VPD_ASSOCIATION,
    *PVPD_ASSOCIATION;

typedef enum _VPD_IDENTIFIER_TYPE {
    VpdIdentifierTypeVendorSpecific = 0,
    VpdIdentifierTypeVendorId = 1,
    VpdIdentifierTypeEUI64 = 2,
    VpdIdentifierTypeFCPHName = 3,
    VpdIdentifierTypePortRelative = 4,
    VpdIdentifierTypeTargetPortGroup = 5,
    VpdIdentifierTypeLogicalUnitGroup = 6,
    VpdIdentifierTypeMD5LogicalUnitId = 7,
    VpdIdentifierTypeSCSINameString = 8
} VPD_IDENTIFIER_TYPE,
    *PVPD_IDENTIFIER_TYPE;

typedef struct _VPD_IDENTIFICATION_DESCRIPTOR {
    UCHAR CodeSet : 4, Reserved : 4;
    UCHAR IdentifierType : 4, Association : 2, Reserved2 : 2;
    UCHAR Reserved3;
    UCHAR IdentifierLength;
    UCHAR Identifier[0];
} VPD_IDENTIFICATION_DESCRIPTOR, *PVPD_IDENTIFICATION_DESCRIPTOR;

/* SBC-3 section 6.5.3. */
typedef struct _VPD_BLOCK_LIMITS_PAGE {
    UCHAR DeviceType : 5, DeviceTypeQualifier : 3;
    UCHAR PageCode;
    UCHAR PageLength[2];
    union {
        struct {
            UCHAR Reserved0;
            UCHAR MaximumCompareAndWriteLength;
            UCHAR OptimalTransferLengthGranularity[2];
            UCHAR MaximumTransferLength[4];
            UCHAR OptimalTransferLength[4];
            UCHAR MaxPrefetchXDReadXDWriteTransferLength[4];
            UCHAR MaximumUnmapLBACount[4];
            UCHAR MaximumUnmapBlockDescriptorCount[4];
            UCHAR OptimalUnmapGranularity[4];
            union {
                struct {
                    UCHAR UnmapGranularityAlignmentByte3 : 7, UGAValid : 1;
                    UCHAR UnmapGranularityAlignmentByte2;
                    UCHAR UnmapGranularityAlignmentByte1;
                    UCHAR UnmapGranularityAlignmentByte0;
                };
                UCHAR UnmapGranularityAlignment[4];
            };
            UCHAR Reserved1[28];
        };
        UCHAR Descriptors[0];
    };
} VPD_BLOCK_LIMITS_PAGE, *PVPD_BLOCK_LIMITS_PAGE;

/* SBC-3 section 6.5.2. */
typedef struct _VPD_BLOCK_DEVICE_CHARACTERISTICS_PAGE {
    NTIO_VPD_HEAD
    UCHAR MediumRotationRateMsb;
    UCHAR MediumRotationRateLsb;
    UCHAR MediumProductType;
    UCHAR NominalFormFactor : 4, WACEREQ : 2, WABEREQ : 2;
    UCHAR VBULS : 1, FUAB : 1, BOCS : 1, RBWZ : 1, ZONED : 2, Reserved3 : 2;
    UCHAR Reserved4[55];
} VPD_BLOCK_DEVICE_CHARACTERISTICS_PAGE, *PVPD_BLOCK_DEVICE_CHARACTERISTICS_PAGE;

/* SBC-3 section 6.5.4. */
typedef struct _VPD_LOGICAL_BLOCK_PROVISIONING_PAGE {
    UCHAR DeviceType : 5, DeviceTypeQualifier : 3;
    UCHAR PageCode;
    UCHAR PageLength[2];
    UCHAR ThresholdExponent;
    UCHAR DP : 1, ANC_SUP : 1, LBPRZ : 1, Reserved0 : 2, LBPWS10 : 1, LBPWS : 1, LBPU : 1;
    UCHAR ProvisioningType : 3, Reserved1 : 5;
    UCHAR Reserved2;
    UCHAR ProvisioningGroupDescr[0];
} VPD_LOGICAL_BLOCK_PROVISIONING_PAGE, *PVPD_LOGICAL_BLOCK_PROVISIONING_PAGE;

/* REPORT LUNS. */
typedef struct _LUN_LIST {
    UCHAR LunListLength[4];
    UCHAR Reserved[4];
    UCHAR Lun[0][8];
} LUN_LIST, *PLUN_LIST;

/* Persistent reservations, SPC-4 sections 6.15 and 6.16. */
#define RESERVATION_ACTION_READ_KEYS                 0x00
#define RESERVATION_ACTION_REGISTER                  0x00
#define RESERVATION_SCOPE_LU                         0x00
#define RESERVATION_ACTION_READ_RESERVATIONS         0x01
#define RESERVATION_ACTION_RESERVE                   0x01
#define RESERVATION_TYPE_WRITE_EXCLUSIVE             0x01
#define RESERVATION_ACTION_RELEASE                   0x02
#define RESERVATION_SCOPE_ELEMENT                    0x02
#define RESERVATION_ACTION_CLEAR                     0x03
#define RESERVATION_TYPE_EXCLUSIVE                   0x03
#define RESERVATION_ACTION_PREEMPT                   0x04
#define RESERVATION_ACTION_PREEMPT_ABORT             0x05
#define RESERVATION_TYPE_WRITE_EXCLUSIVE_REGISTRANTS 0x05
#define RESERVATION_ACTION_REGISTER_IGNORE_EXISTING  0x06
#define RESERVATION_TYPE_EXCLUSIVE_REGISTRANTS       0x06

typedef struct _PRI_REGISTRATION_LIST {
    UCHAR Generation[4];
    UCHAR AdditionalLength[4];
    UCHAR ReservationKeyList[0][8];
} PRI_REGISTRATION_LIST, *PPRI_REGISTRATION_LIST;

typedef struct _PRI_RESERVATION_DESCRIPTOR {
    UCHAR ReservationKey[8];
    UCHAR ScopeSpecificAddress[4];
    UCHAR Reserved;
    UCHAR Type : 4, Scope : 4;
    UCHAR Obsolete[2];
} PRI_RESERVATION_DESCRIPTOR, *PPRI_RESERVATION_DESCRIPTOR;

typedef struct _PRI_RESERVATION_LIST {
    UCHAR Generation[4];
    UCHAR AdditionalLength[4];
    PRI_RESERVATION_DESCRIPTOR Reservations[0];
} PRI_RESERVATION_LIST, *PPRI_RESERVATION_LIST;

typedef struct _PRO_PARAMETER_LIST {
    UCHAR ReservationKey[8];
    UCHAR ServiceActionReservationKey[8];
    UCHAR ScopeSpecificAddress[4];
    UCHAR ActivatePersistThroughPowerLoss : 1, Reserved1 : 7;
    UCHAR Reserved2;
    UCHAR Obsolete[2];
} PRO_PARAMETER_LIST, *PPRO_PARAMETER_LIST;

#pragma pack(pop)

#endif
