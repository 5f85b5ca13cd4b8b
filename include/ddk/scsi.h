/* SPDX-License-Identifier: MIT */
/*
 * scsi.h - SCSI as Windows' storage drivers write it: commands, status and sense, inquiry and mode
 * data. The facts are the standards'; the names are Windows'. Each part names its sections.
 */
#ifndef NTIO_DDK_SCSI_H
#define NTIO_DDK_SCSI_H
#define _NTSCSI_

#ifndef _NTSCSI_USER_MODE_
#include "srb.h"
#endif

#include "scsi/block.h"
#include "scsi/cdb.h"
#include "scsi/inquiry.h"
#include "scsi/mode.h"
#include "scsi/optical.h"
#include "scsi/sense.h"

#define FILE_DEVICE_SCSI        0x0000001b
#define IOCTL_SCSI_EXECUTE_IN   ((FILE_DEVICE_SCSI << 16) + 0x0011)
#define IOCTL_SCSI_EXECUTE_OUT  ((FILE_DEVICE_SCSI << 16) + 0x0012)
#define IOCTL_SCSI_EXECUTE_NONE ((FILE_DEVICE_SCSI << 16) + 0x0013)

/* Messages of the parallel bus: what tags and aborts of later transports are named after. */
#define SCSIMESS_COMMAND_COMPLETE     0x00
#define SCSIMESS_MODIFY_DATA_POINTER  0x00
#define SCSIMESS_EXTENDED_MESSAGE     0x01
#define SCSIMESS_SYNCHRONOUS_DATA_REQ 0x01
#define SCSIMESS_SAVE_DATA_POINTER    0x02
#define SCSIMESS_WIDE_DATA_LENGTH     0x02
#define SCSIMESS_RESTORE_POINTERS     0x03
#define SCSIMESS_SYNCH_DATA_LENGTH    0x03
#define SCSIMESS_WIDE_DATA_REQUEST    0x03
#define SCSIMESS_DISCONNECT           0x04
#define SCSIMESS_INIT_DETECTED_ERROR  0x05
#define SCSIMESS_MODIFY_DATA_LENGTH   0x05
#define SCSIMESS_ABORT                0x06
#define SCSIMESS_MESSAGE_REJECT       0x07
#define SCSIMESS_NO_OPERATION         0x08
#define SCSIMESS_MESS_PARITY_ERROR    0x09
#define SCSIMESS_LINK_CMD_COMP        0x0a
#define SCSIMESS_LINK_CMD_COMP_W_FLAG 0x0b
#define SCSIMESS_BUS_DEVICE_RESET     0x0c
#define SCSIMESS_ABORT_WITH_TAG       0x0d
#define SCSIMESS_CLEAR_QUEUE          0x0e
#define SCSIMESS_INITIATE_RECOVERY    0x0f
#define SCSIMESS_RELEASE_RECOVERY     0x10
#define SCSIMESS_TERMINATE_IO_PROCESS 0x11
#define SCSIMESS_SIMPLE_QUEUE_TAG     0x20
#define SCSIMESS_HEAD_OF_QUEUE_TAG    0x21
#define SCSIMESS_ORDERED_QUEUE_TAG    0x22
#define SCSIMESS_IGNORE_WIDE_RESIDUE  0x23
#define SCSIMESS_IDENTIFY             0x80
#define SCSIMESS_IDENTIFY_WITH_DISCON 0xc0

#endif
