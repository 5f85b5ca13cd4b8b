/* SPDX-License-Identifier: MIT */
/*
 * scsi/sense.h - status, sense keys, additional sense codes and qualifiers, and sense data.
 * Sources: SAM-5 section 5.3 (status), SPC-4 section 4.5 (sense), MMC-6 annex F.
 */
#ifndef NTIO_DDK_SCSI_SENSE_H
#define NTIO_DDK_SCSI_SENSE_H

#include "../ntdef.h"

#define SCSISTAT_GOOD                  0x00
#define SCSISTAT_CHECK_CONDITION       0x02
#define SCSISTAT_CONDITION_MET         0x04
#define SCSISTAT_BUSY                  0x08
#define SCSISTAT_INTERMEDIATE          0x10
#define SCSISTAT_INTERMEDIATE_COND_MET 0x14
#define SCSISTAT_RESERVATION_CONFLICT  0x18
#define SCSISTAT_COMMAND_TERMINATED    0x22
#define SCSISTAT_QUEUE_FULL            0x28

/* Sense keys. */
#define SCSI_SENSE_NO_SENSE        0x00
#define SCSI_SENSE_RECOVERED_ERROR 0x01
#define SCSI_SENSE_NOT_READY       0x02
#define SCSI_SENSE_MEDIUM_ERROR    0x03
#define SCSI_SENSE_HARDWARE_ERROR  0x04
#define SCSI_SENSE_ILLEGAL_REQUEST 0x05
#define SCSI_SENSE_UNIT_ATTENTION  0x06
#define SCSI_SENSE_DATA_PROTECT    0x07
#define SCSI_SENSE_BLANK_CHECK     0x08
#define SCSI_SENSE_UNIQUE          0x09
#define SCSI_SENSE_COPY_ABORTED    0x0a
#define SCSI_SENSE_ABORTED_COMMAND 0x0b
#define SCSI_SENSE_EQUAL           0x0c
#define SCSI_SENSE_VOL_OVERFLOW    0x0d
#define SCSI_SENSE_MISCOMPARE      0x0e
#define SCSI_SENSE_RESERVED        0x0f
#define SCSI_ILLEGAL_LENGTH        0x20
#define SCSI_EOM                   0x40
#define SCSI_FILE_MARK             0x80

/* Additional sense codes. */
#define SCSI_ADSENSE_NO_SENSE                              0x00
#define SCSI_ADSENSE_NO_SEEK_COMPLETE                      0x02
#define SCSI_ADSENSE_LUN_NOT_READY                         0x04
#define SCSI_ADSENSE_LUN_COMMUNICATION                     0x08
#define SCSI_ADSENSE_WRITE_ERROR                           0x0c
#define SCSI_ADSENSE_TRACK_ERROR                           0x14
#define SCSI_ADSENSE_SEEK_ERROR                            0x15
#define SCSI_ADSENSE_REC_DATA_NOECC                        0x17
#define SCSI_ADSENSE_REC_DATA_ECC                          0x18
#define SCSI_ADSENSE_PARAMETER_LIST_LENGTH                 0x1a
#define SCSI_ADSENSE_ILLEGAL_COMMAND                       0x20
#define SCSI_ADSENSE_ILLEGAL_BLOCK                         0x21
#define SCSI_ADSENSE_INVALID_CDB                           0x24
#define SCSI_ADSENSE_INVALID_LUN                           0x25
#define SCSI_ADSENSE_INVALID_FIELD_PARAMETER_LIST          0x26
#define SCSI_ADSENSE_WRITE_PROTECT                         0x27
#define SCSI_ADSENSE_MEDIUM_CHANGED                        0x28
#define SCSI_ADSENSE_BUS_RESET                             0x29
#define SCSI_ADSENSE_PARAMETERS_CHANGED                    0x2a
#define SCSI_ADSENSE_INSUFFICIENT_TIME_FOR_OPERATION       0x2e
#define SCSI_ADSENSE_INVALID_MEDIA                         0x30
#define SCSI_ADSENSE_NO_MEDIA_IN_DEVICE                    0x3a
#define SCSI_ADSENSE_POSITION_ERROR                        0x3b
#define SCSI_ADSENSE_OPERATING_CONDITIONS_CHANGED          0x3f
#define SCSI_ADSENSE_OPERATOR_REQUEST                      0x5a
#define SCSI_ADSENSE_FAILURE_PREDICTION_THRESHOLD_EXCEEDED 0x5d
#define SCSI_ADSENSE_ILLEGAL_MODE_FOR_THIS_TRACK           0x64
#define SCSI_ADSENSE_COPY_PROTECTION_FAILURE               0x6f
#define SCSI_ADSENSE_POWER_CALIBRATION_ERROR               0x73
#define SCSI_ADSENSE_VENDOR_UNIQUE                         0x80
#define SCSI_ADSENSE_MUSIC_AREA                            0xa0
#define SCSI_ADSENSE_DATA_AREA                             0xa1
#define SCSI_ADSENSE_VOLUME_OVERFLOW                       0xa7
#define SCSI_ADWRITE_PROTECT                               SCSI_ADSENSE_WRITE_PROTECT
#define SCSI_FAILURE_PREDICTION_THRESHOLD_EXCEEDED                                                 \
    SCSI_ADSENSE_FAILURE_PREDICTION_THRESHOLD_EXCEEDED

/* Qualifiers: ASC 04h, logical unit not ready. */
#define SCSI_SENSEQ_CAUSE_NOT_REPORTABLE         0x00
#define SCSI_SENSEQ_BECOMING_READY               0x01
#define SCSI_SENSEQ_INIT_COMMAND_REQUIRED        0x02
#define SCSI_SENSEQ_MANUAL_INTERVENTION_REQUIRED 0x03
#define SCSI_SENSEQ_FORMAT_IN_PROGRESS           0x04
#define SCSI_SENSEQ_REBUILD_IN_PROGRESS          0x05
#define SCSI_SENSEQ_RECALCULATION_IN_PROGRESS    0x06
#define SCSI_SENSEQ_OPERATION_IN_PROGRESS        0x07
#define SCSI_SENSEQ_LONG_WRITE_IN_PROGRESS       0x08

/* Qualifiers: ASC 08h, communication with the logical unit. */
#define SCSI_SENSEQ_COMM_FAILURE       0x00
#define SCSI_SENSEQ_COMM_TIMEOUT       0x01
#define SCSI_SENSEQ_COMM_PARITY_ERROR  0x02
#define SCSI_SESNEQ_COMM_CRC_ERROR     0x03
#define SCSI_SENSEQ_UNREACHABLE_TARGET 0x04

/* Qualifiers: ASC 00h: marks on tape. */
#define SCSI_SENSEQ_FILEMARK_DETECTED           0x01
#define SCSI_SENSEQ_END_OF_MEDIA_DETECTED       0x02
#define SCSI_SENSEQ_SETMARK_DETECTED            0x03
#define SCSI_SENSEQ_BEGINNING_OF_MEDIA_DETECTED 0x04

/* Qualifiers: ASC 0Ch, write error. */
#define SCSI_SENSEQ_LOSS_OF_STREAMING    0x09
#define SCSI_SENSEQ_PADDING_BLOCKS_ADDED 0x0a

/* Qualifiers: ASC 21h and 3Bh, elements of changers. */
#define SCSI_SENSEQ_ILLEGAL_ELEMENT_ADDR 0x01
#define SCSI_SENSEQ_DESTINATION_FULL     0x0d
#define SCSI_SENSEQ_SOURCE_EMPTY         0x0e

/* Qualifiers: ASC 30h, media. */
#define SCSI_SENSEQ_INCOMPATIBLE_MEDIA_INSTALLED 0x00
#define SCSI_SENSEQ_UNKNOWN_FORMAT               0x01
#define SCSI_SENSEQ_INCOMPATIBLE_FORMAT          0x02
#define SCSI_SENSEQ_CLEANING_CARTRIDGE_INSTALLED 0x03

/* Qualifiers: ASC 3Fh, operating conditions. */
#define SCSI_SENSEQ_TARGET_OPERATING_CONDITIONS_CHANGED 0x00
#define SCSI_SENSEQ_MICROCODE_CHANGED                   0x01
#define SCSI_SENSEQ_OPERATING_DEFINITION_CHANGED        0x02
#define SCSI_SENSEQ_INQUIRY_DATA_CHANGED                0x03
#define SCSI_SENSEQ_COMPONENT_DEVICE_ATTACHED           0x04
#define SCSI_SENSEQ_DEVICE_IDENTIFIER_CHANGED           0x05
#define SCSI_SENSEQ_REDUNDANCY_GROUP_MODIFIED           0x06
#define SCSI_SENSEQ_REDUNDANCY_GROUP_DELETED            0x07
#define SCSI_SENSEQ_SPARE_MODIFIED                      0x08
#define SCSI_SENSEQ_SPARE_DELETED                       0x09
#define SCSI_SENSEQ_VOLUME_SET_MODIFIED                 0x0a
#define SCSI_SENSEQ_VOLUME_SET_DELETED                  0x0b
#define SCSI_SENSEQ_VOLUME_SET_DEASSIGNED               0x0c
#define SCSI_SENSEQ_VOLUME_SET_REASSIGNED               0x0d
#define SCSI_SENSEQ_REPORTED_LUNS_DATA_CHANGED          0x0e
#define SCSI_SENSEQ_ECHO_BUFFER_OVERWRITTEN             0x0f
#define SCSI_SENSEQ_MEDIUM_LOADABLE                     0x10
#define SCSI_SENSEQ_MEDIUM_AUXILIARY_MEMORY_ACCESSIBLE  0x11

/* Qualifiers: ASC 5Ah, operator request. */
#define SCSI_SENSEQ_STATE_CHANGE_INPUT    0x00
#define SCSI_SENSEQ_MEDIUM_REMOVAL        0x01
#define SCSI_SENSEQ_WRITE_PROTECT_ENABLE  0x02
#define SCSI_SENSEQ_WRITE_PROTECT_DISABLE 0x03

/* Qualifiers: ASC 6Fh, copy protection. */
#define SCSI_SENSEQ_AUTHENTICATION_FAILURE                          0x00
#define SCSI_SENSEQ_KEY_NOT_PRESENT                                 0x01
#define SCSI_SENSEQ_KEY_NOT_ESTABLISHED                             0x02
#define SCSI_SENSEQ_READ_OF_SCRAMBLED_SECTOR_WITHOUT_AUTHENTICATION 0x03
#define SCSI_SENSEQ_MEDIA_CODE_MISMATCHED_TO_LOGICAL_UNIT           0x04
#define SCSI_SENSEQ_LOGICAL_UNIT_RESET_COUNT_ERROR                  0x05

/* Qualifiers: ASC 73h, power calibration. */
#define SCSI_SENSEQ_POWER_CALIBRATION_AREA_ALMOST_FULL 0x01
#define SCSI_SENSEQ_POWER_CALIBRATION_AREA_FULL        0x02
#define SCSI_SENSEQ_POWER_CALIBRATION_AREA_ERROR       0x03
#define SCSI_SENSEQ_PMA_RMA_UPDATE_FAILURE             0x04
#define SCSI_SENSEQ_PMA_RMA_IS_FULL                    0x05
#define SCSI_SENSEQ_PMA_RMA_ALMOST_FULL                0x06
#define SCSI_SENSEQ_COMM_CRC_ERROR                     SCSI_SESNEQ_COMM_CRC_ERROR

#define SENSE_BUFFER_SIZE          18
#define MAX_SENSE_BUFFER_SIZE      255
#define MAX_ADDITIONAL_SENSE_BYTES (MAX_SENSE_BUFFER_SIZE - SENSE_BUFFER_SIZE)
#define SENSE_BUFFER_SIZE_EX       252

#define SCSI_SENSE_ERRORCODE_FIXED_CURRENT       0x70
#define SCSI_SENSE_ERRORCODE_FIXED_DEFERRED      0x71
#define SCSI_SENSE_ERRORCODE_DESCRIPTOR_CURRENT  0x72
#define SCSI_SENSE_ERRORCODE_DESCRIPTOR_DEFERRED 0x73

#pragma pack(push, 1)

/* Fixed format, SPC-4 section 4.5.3. */
typedef struct _SENSE_DATA {
    UCHAR ErrorCode : 7, Valid : 1;
    UCHAR SegmentNumber;
    UCHAR SenseKey : 4, Reserved : 1, IncorrectLength : 1, EndOfMedia : 1, FileMark : 1;
    UCHAR Information[4];
    UCHAR AdditionalSenseLength;
    UCHAR CommandSpecificInformation[4];
    UCHAR AdditionalSenseCode;
    UCHAR AdditionalSenseCodeQualifier;
    UCHAR FieldReplaceableUnitCode;
    UCHAR SenseKeySpecific[3];
} SENSE_DATA, *PSENSE_DATA, FIXED_SENSE_DATA, *PFIXED_SENSE_DATA;

/* Descriptor format, SPC-4 section 4.5.2. */
typedef struct _DESCRIPTOR_SENSE_DATA {
    UCHAR ErrorCode : 7, Reserved1 : 1;
    UCHAR SenseKey : 4, Reserved2 : 4;
    UCHAR AdditionalSenseCode;
    UCHAR AdditionalSenseCodeQualifier;
    UCHAR Reserved3[3];
    UCHAR AdditionalSenseLength;
    UCHAR DescriptorBuffer[ANYSIZE_ARRAY];
} DESCRIPTOR_SENSE_DATA, *PDESCRIPTOR_SENSE_DATA;

#pragma pack(pop)

#endif
