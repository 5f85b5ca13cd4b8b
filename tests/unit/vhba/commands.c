/* SPDX-License-Identifier: MIT */
/* commands.c - what each SCSI command answers, byte by byte. */
#include "expect.h"

#define CD_BLOCKS  1000
#define DVD_BLOCKS (460800 + 100)

static const struct expectation common[] = {
    {"INQUIRY", C(0x12, 0, 0, 0, 36, 0), 36, 0, 36,
     B(0x05, 0x80, 0x05, 0x02, 31, 0, 0, 0, 'N', 'T', 'I', 'O', ' ', ' ', ' ', ' ', 'T', 'e', 's',
       't', ',', ' ', 'D', 'r', 'i', 'v', 'e', ' ', ' ', ' ', ' ', ' ', '2', '.', '5', ' ')},
    {"INQUIRY, more asked than there is", C(0x12, 0, 0, 0, 96, 0), 96, 0, 36, B(0x05)},
    {"INQUIRY, a small allocation", C(0x12, 0, 0, 0, 5, 0), 36, 0, 5,
     B(0x05, 0x80, 0x05, 0x02, 31)},
    {"INQUIRY, a page without EVPD", C(0x12, 0, 0x80, 0, 36, 0), 36, ILLEGAL_FIELD, 0, NOTHING},
    {"INQUIRY, NACA", C(0x12, 0, 0, 0, 36, 4), 36, ILLEGAL_FIELD, 0, NOTHING},
    {"VPD 00h", C(0x12, 1, 0, 0, 64, 0), 64, 0, 7, B(0x05, 0x00, 0, 3, 0x00, 0x80, 0x83)},
    {"VPD 80h", C(0x12, 1, 0x80, 0, 64, 0), 64, 0, 11,
     B(0x05, 0x80, 0, 7, 'S', 'N', '1', '2', '3', '4', '5')},
    {"VPD 83h", C(0x12, 1, 0x83, 0, 64, 0), 64, 0, 39,
     B(0x05, 0x83, 0, 35, 0x02, 0x01, 0, 31, 'N', 'T', 'I', 'O', ' ', ' ', ' ', ' ', 'T', 'e')},
    {"VPD, unknown", C(0x12, 1, 0x84, 0, 64, 0), 64, ILLEGAL_FIELD, 0, NOTHING},
    {"REPORT LUNS", C(0xA0, 0, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0), 16, 0, 16,
     B(0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0)},
    {"REPORT LUNS, well-known", C(0xA0, 0, 1, 0, 0, 0, 0, 0, 0, 16, 0, 0), 16, 0, 8, B(0, 0, 0, 0)},
    {"REPORT LUNS, too small", C(0xA0, 0, 0, 0, 0, 0, 0, 0, 0, 15, 0, 0), 16, ILLEGAL_FIELD, 0,
     NOTHING},
    {"unknown operation code", C(0xFF, 0, 0, 0, 0, 0), 0, ILLEGAL_OPCODE, 0, NOTHING},
    {"RESERVE(6)", C(0x16, 0, 0, 0, 0, 0), 0, ILLEGAL_OPCODE, 0, NOTHING},
    {"READ BUFFER CAPACITY", C(0x5C, 0, 0, 0, 0, 0, 0, 0, 12, 0), 12, ILLEGAL_OPCODE, 0, NOTHING},
    {"a CDB that is too short", C(0x28, 0, 0, 0, 0, 0), 0, ILLEGAL_OPCODE, 0, NOTHING},
    {"SYNCHRONIZE CACHE", C(0x35, 0, 0, 0, 0, 0, 0, 0, 0, 0), 0, 0, 0, NOTHING},
    {"GET EVENT STATUS, asynchronous", C(0x4A, 0, 0, 0, 0x10, 0, 0, 0, 8, 0), 8, ILLEGAL_FIELD, 0,
     NOTHING},
    {"GET EVENT STATUS, no class of ours", C(0x4A, 1, 0, 0, 0x08, 0, 0, 0, 8, 0), 8, 0, 4,
     B(0, 2, 0x80, 0x16)},
    {"GET EVENT STATUS, operational", C(0x4A, 1, 0, 0, 0x02, 0, 0, 0, 8, 0), 8, 0, 8,
     B(0, 6, 1, 0x16, 0, 0, 0, 0)},
    {"GET EVENT STATUS, power", C(0x4A, 1, 0, 0, 0x04, 0, 0, 0, 8, 0), 8, 0, 8,
     B(0, 6, 2, 0x16, 0, 1, 0, 0)},
    {"MODE SENSE(6) 01h", C(0x1A, 0, 0x01, 0, 255, 0), 255, 0, 16,
     B(15, 0, 0, 0, 0x01, 0x0A, 0, 5)},
    {"MODE SENSE(6) 01h, changeable", C(0x1A, 0, 0x41, 0, 255, 0), 255, 0, 16,
     B(15, 0, 0, 0, 0x01, 0x0A, 0x3F, 0xFF)},
    {"MODE SENSE(6) 01h, saved", C(0x1A, 0, 0xC1, 0, 255, 0), 255, 0x053900, 0, NOTHING},
    {"MODE SENSE(10) 0Dh", C(0x5A, 0, 0x0D, 0, 0, 0, 0, 0, 16, 0), 16, 0, 16,
     B(0, 14, 0, 0, 0, 0, 0, 0, 0x0D, 0x06, 0, 0, 0, 60, 0, 75)},
    {"MODE SENSE(10) 0Eh", C(0x5A, 0, 0x0E, 0, 0, 0, 0, 0, 24, 0), 24, 0, 24,
     B(0, 22, 0, 0, 0, 0, 0, 0, 0x0E, 0x0E, 4, 0, 0, 0, 0, 0, 1, 0xFF, 2, 0xFF)},
    {"MODE SENSE(10) 1Ah", C(0x5A, 0, 0x1A, 0, 0, 0, 0, 0, 20, 0), 20, 0, 20,
     B(0, 18, 0, 0, 0, 0, 0, 0, 0x1A, 0x0A)},
    {"MODE SENSE(10) 1Dh, default", C(0x5A, 0, 0x9D, 0, 0, 0, 0, 0, 20, 0), 20, 0, 20,
     B(0, 18, 0, 0, 0, 0, 0, 0, 0x1D, 0x0A, 0, 0, 0, 0, 0, 10, 0, 120)},
    {"MODE SENSE(10) 3Fh", C(0x5A, 0, 0x3F, 0, 0, 0, 0, 4, 0, 0), 1024, 0, 100, B(0, 98)},
    {"MODE SENSE(10) 3Fh, the length alone", C(0x5A, 0, 0x3F, 0xFF, 0, 0, 0, 0, 2, 0), 2, 0, 2,
     B(0, 98)},
    {"MODE SENSE(10) 05h: no recorder", C(0x5A, 0, 0x05, 0, 0, 0, 0, 0, 60, 0), 60, ILLEGAL_FIELD,
     0, NOTHING},
    {"MODE SENSE(10), subpage", C(0x5A, 0, 0x01, 1, 0, 0, 0, 0, 60, 0), 60, ILLEGAL_FIELD, 0,
     NOTHING},
    {"SET CD SPEED 0", C(0xBB, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), 0, ILLEGAL_FIELD, 0, NOTHING},
    {"MECHANISM STATUS", C(0xBD, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0), 8, 0, 8,
     B(0, 0, 0, 0, 0, 0, 0, 0)},
    {"START STOP UNIT, power condition 4", C(0x1B, 0, 0, 0, 0x40, 0), 0, ILLEGAL_FIELD, 0, NOTHING},
    {"START STOP UNIT, standby", C(0x1B, 0, 0, 0, 0x30, 0), 0, 0, 0, NOTHING},
    {"START STOP UNIT, stop", C(0x1B, 0, 0, 0, 0, 0), 0, 0, 0, NOTHING},
};

static const struct expectation of_a_cd[] = {
    {"TEST UNIT READY", C(0, 0, 0, 0, 0, 0), 0, 0, 0, NOTHING},
    {"REQUEST SENSE, nothing", C(3, 0, 0, 0, 18, 0), 18, 0, 18,
     B(0x70, 0, 0, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0, 0)},
    {"REQUEST SENSE, descriptor", C(3, 1, 0, 0, 18, 0), 18, 0, 8, B(0x72, 0, 0, 0, 0, 0, 0, 0)},
    {"READ CAPACITY(10)", C(0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0), 8, 0, 8,
     B(0, 0, 3, 0xE7, 0, 0, 8, 0)},
    {"READ CAPACITY(10), an address", C(0x25, 0, 0, 0, 0, 1, 0, 0, 0, 0), 8, ILLEGAL_FIELD, 0,
     NOTHING},
    {"READ CAPACITY(16)", C(0x9E, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0), 32, 0, 32,
     B(0, 0, 0, 0, 0, 0, 3, 0xE7, 0, 0, 8, 0, 0)},
    {"SERVICE ACTION IN(16), another", C(0x9E, 0x11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0), 32,
     ILLEGAL_FIELD, 0, NOTHING},
    {"READ(10), none", C(0x28, 0, 0, 0, 0, 0, 0, 0, 0, 0), 0, 0, 0, NOTHING},
    {"READ(10), none past the end", C(0x28, 0, 0, 0, 3, 0xE8, 0, 0, 0, 0), 0, OUT_OF_RANGE, 0,
     NOTHING},
    {"READ(10), past the end", C(0x28, 0, 0, 0, 3, 0xE7, 0, 0, 2, 0), 4096, OUT_OF_RANGE, 0,
     NOTHING},
    {"READ(10), far past", C(0x28, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0xFF, 0xFF, 0), 4096, OUT_OF_RANGE,
     0, NOTHING},
    {"READ(10), relative", C(0x28, 1, 0, 0, 0, 0, 0, 0, 1, 0), 2048, ILLEGAL_FIELD, 0, NOTHING},
    {"READ(10), the descriptor", C(0x28, 0, 0, 0, 0, 16, 0, 0, 1, 0), 2048, 0, 2048,
     B(1, 'C', 'D', '0', '0', '1', 1)},
    {"READ(10), FUA and DPO", C(0x28, 0x18, 0, 0, 0, 1, 0, 0, 1, 0), 2048, 0, 2048, B(7, 20, 33)},
    {"READ(10), more buffer than blocks", C(0x28, 0, 0, 0, 0, 1, 0, 0, 1, 0), 4096, 0, 2048,
     B(7, 20, 33)},
    {"READ(6)", C(0x08, 0, 0, 2, 2, 0), 4096, 0, 4096, B(14, 27, 40)},
    {"READ(12)", C(0xA8, 0, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0), 4096, 0, 4096, B(21, 34, 47)},
    {"READ(12), past the end", C(0xA8, 0, 0, 0, 0, 3, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0), 4096,
     OUT_OF_RANGE, 0, NOTHING},
    {"VERIFY(10)", C(0x2F, 0, 0, 0, 0, 0, 0, 3, 0xE8, 0), 0, 0, 0, NOTHING},
    {"VERIFY(10), past the end", C(0x2F, 0, 0, 0, 0, 1, 0, 3, 0xE8, 0), 0, OUT_OF_RANGE, 0,
     NOTHING},
    {"VERIFY(10), BytChk", C(0x2F, 2, 0, 0, 0, 0, 0, 0, 1, 0), 0, ILLEGAL_FIELD, 0, NOTHING},
    {"SEEK(10)", C(0x2B, 0, 0, 0, 3, 0xE7, 0, 0, 0, 0), 0, 0, 0, NOTHING},
    {"SEEK(10), past the end", C(0x2B, 0, 0, 0, 3, 0xE8, 0, 0, 0, 0), 0, OUT_OF_RANGE, 0, NOTHING},
    {"WRITE(10)", C(0x2A, 0, 0, 0, 0, 0, 0, 0, 1, 0), 0, PROTECTED, 0, NOTHING},
    {"WRITE(12)", C(0xAA, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0), 0, PROTECTED, 0, NOTHING},
    {"READ TOC 0", C(0x43, 0, 0, 0, 0, 0, 0, 0, 64, 0), 64, 0, 20,
     B(0, 18, 1, 1, 0, 0x14, 1, 0, 0, 0, 0, 0, 0, 0x14, 0xAA, 0, 0, 0, 3, 0xE8)},
    {"READ TOC 0, MSF", C(0x43, 2, 0, 0, 0, 0, 0, 0, 64, 0), 64, 0, 20,
     B(0, 18, 1, 1, 0, 0x14, 1, 0, 0, 0, 2, 0, 0, 0x14, 0xAA, 0, 0, 0, 15, 25)},
    {"READ TOC 0, lead-out", C(0x43, 0, 0, 0, 0, 0, 0xAA, 0, 64, 0), 64, 0, 12,
     B(0, 10, 1, 1, 0, 0x14, 0xAA)},
    {"READ TOC 0, no such track", C(0x43, 0, 0, 0, 0, 0, 2, 0, 64, 0), 64, ILLEGAL_FIELD, 0,
     NOTHING},
    {"READ TOC 0, four bytes", C(0x43, 0, 0, 0, 0, 0, 0, 0, 4, 0), 4, 0, 4, B(0, 18, 1, 1)},
    {"READ TOC 1", C(0x43, 0, 1, 0, 0, 0, 0, 0, 12, 0), 12, 0, 12,
     B(0, 10, 1, 1, 0, 0x14, 1, 0, 0, 0, 0, 0)},
    {"READ TOC 2", C(0x43, 2, 2, 0, 0, 0, 0, 0, 48, 0), 48, 0, 48,
     B(0, 46, 1, 1, 1, 0x14, 0, 0xA0, 0, 0, 0, 0, 1, 0, 0, 1, 0x14, 0, 0xA1, 0, 0, 0, 0, 1, 0, 0, 1,
       0x14, 0, 0xA2, 0, 0, 0, 0, 0, 15, 25, 1, 0x14, 0, 0x01, 0, 0, 0, 0, 0, 2, 0)},
    {"READ TOC 4, ATIP", C(0x43, 2, 4, 0, 0, 0, 0, 0, 48, 0), 48, ILLEGAL_FIELD, 0, NOTHING},
    {"READ TOC 5, CD-TEXT", C(0x43, 2, 5, 0, 0, 0, 0, 0, 48, 0), 48, ILLEGAL_FIELD, 0, NOTHING},
    {"READ SUB-CHANNEL, header", C(0x42, 2, 0, 1, 0, 0, 0, 0, 4, 0), 4, 0, 4, B(0, 0x15, 0, 0)},
    {"READ SUB-CHANNEL, position", C(0x42, 2, 0x40, 1, 0, 0, 0, 0, 16, 0), 16, 0, 16,
     B(0, 0x15, 0, 12, 1, 0x14, 1, 1, 0, 0, 2, 0, 0, 0, 0, 0)},
    {"READ SUB-CHANNEL, format 4", C(0x42, 2, 0x40, 4, 0, 0, 0, 0, 16, 0), 16, ILLEGAL_FIELD, 0,
     NOTHING},
    {"GET CONFIGURATION, all", C(0x46, 0, 0, 0, 0, 0, 0, 2, 0, 0), 512, 0, 104,
     B(0, 0, 0, 100, 0, 0, 0, 0x08, 0, 0, 3, 8, 0, 0x10, 0, 0, 0, 0x08, 1, 0, 0, 1, 0x0B, 8, 0, 0,
       0, 1, 0, 0, 0, 0, 0, 2, 7, 4, 2, 0, 0, 0, 0, 3, 0x0B, 4, 0x39, 0, 0, 0, 0, 0x10, 1, 8, 0, 0,
       8, 0, 0, 1, 1, 0)},
    {"GET CONFIGURATION, current from 1Eh", C(0x46, 1, 0, 0x1E, 0, 0, 0, 2, 0, 0), 512, 0, 40,
     B(0, 0, 0, 36, 0, 0, 0, 8, 0, 0x1E, 9, 4)},
    {"GET CONFIGURATION, 1Fh alone", C(0x46, 2, 0, 0x1F, 0, 0, 0, 2, 0, 0), 512, 0, 16,
     B(0, 0, 0, 12, 0, 0, 0, 8, 0, 0x1F, 4, 4, 0, 0, 0, 0)},
    {"GET CONFIGURATION, one that is not there", C(0x46, 2, 0, 0x21, 0, 0, 0, 2, 0, 0), 512, 0, 8,
     B(0, 0, 0, 4, 0, 0, 0, 8)},
    {"GET CONFIGURATION, serial number", C(0x46, 2, 1, 8, 0, 0, 0, 2, 0, 0), 512, 0, 20,
     B(0, 0, 0, 16, 0, 0, 0, 8, 1, 8, 3, 8, 'S', 'N', '1', '2', '3', '4', '5', ' ')},
    {"GET CONFIGURATION, RT 3", C(0x46, 3, 0, 0, 0, 0, 0, 2, 0, 0), 512, ILLEGAL_FIELD, 0, NOTHING},
    {"MODE SENSE(10) 2Ah", C(0x5A, 0, 0x2A, 0, 0, 0, 0, 0, 40, 0), 40, 0, 40,
     B(0, 38, 0, 0, 0, 0, 0, 0, 0x2A, 0x1E, 0x1B, 0, 0x40, 0, 0x29, 0, 0x21, 0x13, 0, 0, 2, 0, 0x21,
       0x13)},
    {"READ DISC INFORMATION", C(0x51, 0, 0, 0, 0, 0, 0, 0, 34, 0), 34, 0, 34,
     B(0, 32, 0x0E, 1, 1, 1, 1, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
       0xFF, 0xFF, 0)},
    {"READ DISC INFORMATION, tracks", C(0x51, 1, 0, 0, 0, 0, 0, 0, 34, 0), 34, ILLEGAL_FIELD, 0,
     NOTHING},
    {"READ TRACK INFORMATION, by LBA", C(0x52, 0, 0, 0, 3, 0xE7, 0, 0, 36, 0), 36, 0, 36,
     B(0, 34, 1, 1, 0, 4, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0xE8)},
    {"READ TRACK INFORMATION, past the end", C(0x52, 0, 0, 0, 3, 0xE8, 0, 0, 36, 0), 36,
     OUT_OF_RANGE, 0, NOTHING},
    {"READ TRACK INFORMATION, track 1", C(0x52, 1, 0, 0, 0, 1, 0, 0, 36, 0), 36, 0, 36,
     B(0, 34, 1, 1)},
    {"READ TRACK INFORMATION, track 2", C(0x52, 1, 0, 0, 0, 2, 0, 0, 36, 0), 36, ILLEGAL_FIELD, 0,
     NOTHING},
    {"READ TRACK INFORMATION, session 1", C(0x52, 2, 0, 0, 0, 1, 0, 0, 36, 0), 36, 0, 36,
     B(0, 34, 1, 1)},
    {"READ DVD STRUCTURE of a CD", C(0xAD, 0, 0, 0, 0, 0, 0, 0, 8, 4, 0, 0), 2052, 0x053002, 0,
     NOTHING},
    {"GET PERFORMANCE", C(0xAC, 0x10, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0), 24, 0, 24,
     B(0, 0, 0, 20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x21, 0x13, 0, 0, 3, 0xE7, 0, 0, 0x21, 0x13)},
    {"GET PERFORMANCE, write speeds", C(0xAC, 0, 0, 0, 0, 0, 0, 0, 0, 1, 3, 0), 24, 0, 8,
     B(0, 0, 0, 4)},
    {"GET PERFORMANCE, type 1", C(0xAC, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0), 24, ILLEGAL_FIELD, 0,
     NOTHING},
    {"READ CD, user data", C(0xBE, 0, 0, 0, 0, 1, 0, 0, 1, 0x10, 0, 0), 2048, 0, 2048,
     B(7, 20, 33)},
    {"READ CD, mode 1, user data", C(0xBE, 8, 0, 0, 0, 1, 0, 0, 1, 0x10, 0, 0), 2048, 0, 2048,
     B(7, 20, 33)},
    {"READ CD, CD-DA", C(0xBE, 4, 0, 0, 0, 1, 0, 0, 1, 0x10, 0, 0), 2352, 0x056400, 0, NOTHING},
    {"READ CD, type 6", C(0xBE, 0x18, 0, 0, 0, 1, 0, 0, 1, 0x10, 0, 0), 2352, ILLEGAL_FIELD, 0,
     NOTHING},
    {"READ CD, header", C(0xBE, 0, 0, 0, 0, 1, 0, 0, 1, 0x20, 0, 0), 4, 0, 4,
     B(0x00, 0x02, 0x01, 0x01)},
    {"READ CD, headers of three", C(0xBE, 0, 0, 0, 3, 0x80, 0, 0, 3, 0x20, 0, 0), 12, 0, 12,
     B(0, 0x13, 0x71, 1, 0, 0x13, 0x72, 1, 0, 0x13, 0x73, 1)},
    {"READ CD, sync and header", C(0xBE, 0, 0, 0, 0, 1, 0, 0, 1, 0xE0, 0, 0), 16, 0, 16,
     B(0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 2, 1, 1)},
    {"READ CD, header and data", C(0xBE, 0, 0, 0, 0, 1, 0, 0, 1, 0x30, 0, 0), 2052, 0, 2052,
     B(0, 2, 1, 1, 7, 20, 33)},
    {"READ CD, data and ECC", C(0xBE, 0, 0, 0, 0, 1, 0, 0, 1, 0x18, 0, 0), 2336, 0, 2336,
     B(7, 20, 33)},
    {"READ CD, ECC alone", C(0xBE, 0, 0, 0, 0, 1, 0, 0, 1, 0x08, 0, 0), 288, ILLEGAL_FIELD, 0,
     NOTHING},
    {"READ CD, sync and data", C(0xBE, 0, 0, 0, 0, 1, 0, 0, 1, 0x90, 0, 0), 2060, ILLEGAL_FIELD, 0,
     NOTHING},
    {"READ CD, nothing selected", C(0xBE, 0, 0, 0, 0, 1, 0, 0, 1, 0x00, 0, 0), 0, 0, 0, NOTHING},
    {"READ CD, C2", C(0xBE, 0, 0, 0, 0, 1, 0, 0, 1, 0x12, 0, 0), 2352, ILLEGAL_FIELD, 0, NOTHING},
    {"READ CD, sub-channel", C(0xBE, 0, 0, 0, 0, 1, 0, 0, 1, 0x10, 1, 0), 2352, ILLEGAL_FIELD, 0,
     NOTHING},
    {"READ CD, past the end", C(0xBE, 0, 0, 0, 3, 0xE7, 0, 0, 2, 0xF8, 0, 0), 4704, OUT_OF_RANGE, 0,
     NOTHING},
    {"READ CD MSF", C(0xB9, 0, 0, 0, 2, 1, 0, 2, 2, 0x10, 0, 0), 2048, 0, 2048, B(7, 20, 33)},
    {"READ CD MSF, before the start", C(0xB9, 0, 0, 0, 1, 74, 0, 2, 0, 0x10, 0, 0), 2048,
     OUT_OF_RANGE, 0, NOTHING},
    {"READ CD MSF, backwards", C(0xB9, 0, 0, 0, 2, 2, 0, 2, 1, 0x10, 0, 0), 2048, ILLEGAL_FIELD, 0,
     NOTHING},
    {"GET EVENT STATUS, media", C(0x4A, 1, 0, 0, 0x10, 0, 0, 0, 8, 0), 8, 0, 8,
     B(0, 6, 4, 0x16, 0, 2, 0, 0)},
};

static const struct expectation of_a_dvd[] = {
    {"READ CAPACITY(10)", C(0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0), 8, 0, 8,
     B(0, 7, 8, 0x63, 0, 0, 8, 0)},
    {"GET CONFIGURATION, current from 10h", C(0x46, 1, 0, 0x10, 0, 0, 0, 2, 0, 0), 512, 0, 52,
     B(0, 0, 0, 48, 0, 0, 0, 0x10, 0, 0x10, 1, 8, 0, 0, 8, 0, 0, 16, 1, 0, 0, 0x1F, 5, 4)},
    {"READ DVD STRUCTURE 00h", C(0xAD, 0, 0, 0, 0, 0, 0, 0, 8, 4, 0, 0), 2052, 0, 2052,
     B(8, 2, 0, 0, 0x01, 0x0F, 0x01, 0, 0, 3, 0, 0, 0, 10, 8, 0x63, 0, 0, 0, 0, 0)},
    {"READ DVD STRUCTURE 01h", C(0xAD, 0, 0, 0, 0, 0, 0, 1, 0, 8, 0, 0), 8, 0, 8,
     B(0, 6, 0, 0, 0, 0, 0, 0)},
    {"READ DVD STRUCTURE FFh", C(0xAD, 0, 0, 0, 0, 0, 0, 0xFF, 0, 64, 0, 0), 64, 0, 12,
     B(0, 10, 0, 0, 0x00, 0x40, 8, 4, 0x01, 0x40, 0, 8)},
    {"READ DVD STRUCTURE 04h", C(0xAD, 0, 0, 0, 0, 0, 0, 4, 0, 8, 0, 0), 8, ILLEGAL_FIELD, 0,
     NOTHING},
    {"READ DVD STRUCTURE of a BD", C(0xAD, 1, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0), 8, ILLEGAL_FIELD, 0,
     NOTHING},
    {"READ TOC 0", C(0x43, 0, 0, 0, 0, 0, 0, 0, 64, 0), 64, 0, 20, B(0, 18, 1, 1, 0, 0x14, 1)},
    {"READ TOC 2", C(0x43, 2, 2, 0, 0, 0, 0, 0, 48, 0), 48, ILLEGAL_FIELD, 0, NOTHING},
    {"READ CD", C(0xBE, 0, 0, 0, 0, 1, 0, 0, 1, 0x10, 0, 0), 2048, 0x053002, 0, NOTHING},
    {"READ(10), the last", C(0x28, 0, 0, 7, 8, 0x63, 0, 0, 1, 0), 2048, 0, 2048, B(0, 0, 0)},
};

static const struct expectation of_an_empty_drive[] = {
    {"TEST UNIT READY", C(0, 0, 0, 0, 0, 0), 0, NO_MEDIUM, 0, NOTHING},
    {"REQUEST SENSE", C(3, 0, 0, 0, 18, 0), 18, 0, 18,
     B(0x70, 0, 2, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x3A, 0)},
    {"READ CAPACITY(10)", C(0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0), 8, NO_MEDIUM, 0, NOTHING},
    {"READ(10)", C(0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0), 2048, NO_MEDIUM, 0, NOTHING},
    {"WRITE(10)", C(0x2A, 0, 0, 0, 0, 0, 0, 0, 1, 0), 0, NO_MEDIUM, 0, NOTHING},
    {"READ TOC", C(0x43, 0, 0, 0, 0, 0, 0, 0, 64, 0), 64, NO_MEDIUM, 0, NOTHING},
    {"READ DISC INFORMATION", C(0x51, 0, 0, 0, 0, 0, 0, 0, 34, 0), 34, NO_MEDIUM, 0, NOTHING},
    {"GET CONFIGURATION", C(0x46, 1, 0, 0x10, 0, 0, 0, 2, 0, 0), 512, 0, 32,
     B(0, 0, 0, 28, 0, 0, 0, 0, 1, 0)},
    {"START STOP UNIT, start", C(0x1B, 0, 0, 0, 1, 0), 0, NO_MEDIUM, 0, NOTHING},
    {"GET EVENT STATUS, media", C(0x4A, 1, 0, 0, 0x10, 0, 0, 0, 8, 0), 8, 0, 8,
     B(0, 6, 4, 0x16, 0, 0, 0, 0)},
};

static void a_cd_drive(void **state)
{
    PDEVICE_OBJECT device = rig_device(rig_add(rig_image("cd", CD_BLOCKS)));

    (void)state;
    rig_settle(device);
    CHECK(device, common);
    CHECK(device, of_a_cd);
    ObDereferenceObject(device);
}

static void a_dvd_drive(void **state)
{
    PDEVICE_OBJECT device = rig_device(rig_add(rig_sparse("dvd", DVD_BLOCKS)));

    (void)state;
    rig_settle(device);
    CHECK(device, common);
    CHECK(device, of_a_dvd);
    ObDereferenceObject(device);
}

static void an_empty_drive(void **state)
{
    PDEVICE_OBJECT device = rig_device(rig_add(NULL));

    (void)state;
    rig_settle(device);
    CHECK(device, common);
    CHECK(device, of_an_empty_drive);
    ObDereferenceObject(device);
}

static void unit_attentions(void **state)
{
    PDEVICE_OBJECT device = rig_device(rig_add(rig_image("cd", 100)));
    static const struct expectation exempt[] = {
        {"INQUIRY", C(0x12, 0, 0, 0, 36, 0), 36, 0, 36, B(0x05)},
        {"REPORT LUNS", C(0xA0, 0, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0), 16, 0, 16, B(0, 0, 0, 8)},
        {"GET CONFIGURATION", C(0x46, 0, 0, 0, 0, 0, 0, 0, 8, 0), 8, 0, 8, B(0)},
        {"GET EVENT STATUS", C(0x4A, 1, 0, 0, 0x10, 0, 0, 0, 8, 0), 8, 0, 8, B(0, 6, 4)},
        {"now it is reported", C(0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0), 8, 0x062900, 0, NOTHING},
        {"once", C(0, 0, 0, 0, 0, 0), 0, 0, 0, NOTHING},
    };
    struct rig_request r;
    uint8_t sense[18];

    (void)state;
    CHECK(device, exempt);
    /* After a reset REQUEST SENSE reports it as data, and so ends it. */
    rig_begin(&r, device, SRB_FUNCTION_RESET_LOGICAL_UNIT, CDB(0), RIG_NONE, NULL, 0);
    rig_end(&r);
    assert_int_equal(r.srb.SrbStatus, SRB_STATUS_SUCCESS);
    rig_scsi(&r, device, CDB(3, 0, 0, 0, 18, 0), RIG_IN, sense, sizeof(sense));
    assert_int_equal(r.srb.SrbStatus, SRB_STATUS_SUCCESS);
    assert_int_equal(sense[2], SCSI_SENSE_UNIT_ATTENTION);
    assert_int_equal(sense[12] << 8 | sense[13], 0x2903);
    rig_scsi(&r, device, CDB(0, 0, 0, 0, 0, 0), RIG_NONE, NULL, 0);
    assert_int_equal(rig_sense(&r), 0);
    rig_begin(&r, device, SRB_FUNCTION_RESET_BUS, CDB(0), RIG_NONE, NULL, 0);
    rig_end(&r);
    rig_scsi(&r, device, CDB(0, 0, 0, 0, 0, 0), RIG_NONE, NULL, 0);
    assert_int_equal(rig_sense(&r), 0x062902);
    ObDereferenceObject(device);
}

/* Without autosense the sense data wait for REQUEST SENSE, until another command comes. */
static void sense_without_autosense(void **state)
{
    PDEVICE_OBJECT device = rig_device(rig_add(rig_image("cd", 100)));
    static const struct expectation later[] = {
        {"REQUEST SENSE", C(3, 0, 0, 0, 18, 0), 18, 0, 18,
         B(0x70, 0, 5, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x24, 0)},
        {"once", C(3, 0, 0, 0, 18, 0), 18, 0, 18, B(0x70, 0, 0)},
    };
    static const struct expectation gone[] = {
        {"after another command", C(3, 0, 0, 0, 18, 0), 18, 0, 18, B(0x70, 0, 0)},
    };
    struct rig_request r;
    uint8_t data[8];

    (void)state;
    rig_settle(device);
    rig_scsi_without_sense(&r, device, CDB(0x12, 2, 0, 0, 8, 0), RIG_IN, data, sizeof(data));
    assert_int_equal(r.srb.SrbStatus, SRB_STATUS_ERROR);
    assert_int_equal(r.srb.ScsiStatus, SCSISTAT_CHECK_CONDITION);
    CHECK(device, later);
    rig_scsi_without_sense(&r, device, CDB(0x12, 2, 0, 0, 8, 0), RIG_IN, data, sizeof(data));
    rig_scsi(&r, device, CDB(0, 0, 0, 0, 0, 0), RIG_NONE, NULL, 0);
    CHECK(device, gone);
    ObDereferenceObject(device);
}

static unsigned gf_multiply(unsigned a, unsigned b)
{
    unsigned p = 0;

    for (; b != 0; b >>= 1, a = a << 1 ^ (a & 0x80 ? 0x11D : 0))
        if (b & 1)
            p ^= a;
    return p & 0xFF;
}

/* Sum and sum weighted with descending powers of alpha of a code word: both 0 (ECMA-130 annex A).
 */
static void check_code_word(const uint8_t *bytes, const unsigned *at, unsigned n)
{
    unsigned sum = 0, weighted = 0;

    for (unsigned i = 0; i < n; i++) {
        sum ^= bytes[at[i]];
        weighted = gf_multiply(weighted, 2) ^ bytes[at[i]];
    }
    assert_int_equal(sum, 0);
    assert_int_equal(weighted, 0);
}

static void raw_blocks(void **state)
{
    PDEVICE_OBJECT device = rig_device(rig_add(rig_image("cd", CD_BLOCKS)));
    static uint8_t raw[2 * 2352];
    struct rig_request r;

    (void)state;
    rig_settle(device);
    rig_scsi(&r, device, CDB(0xBE, 0, 0, 0, 3, 0x84, 0, 0, 2, 0xF8, 0, 0), RIG_IN, raw,
             sizeof(raw));
    assert_int_equal(r.srb.SrbStatus, SRB_STATUS_SUCCESS);
    for (unsigned n = 0; n < 2; n++) {
        const uint8_t *block = raw + n * 2352;
        unsigned at[45];
        uint32_t edc = 0;
        for (unsigned i = 0; i < 2048; i++)
            assert_int_equal(block[16 + i], rig_byte(900 + n, i));
        /* 900 + 150 = 14 seconds */
        assert_memory_equal(block + 12, ((uint8_t[]){0x00, 0x14, (uint8_t)n, 0x01}), 4);
        /* The EDC word: division by the polynomial, bit by bit; the remainder of all with the EDC
         * is 0. */
        for (unsigned i = 0; i < 2068; i++) {
            for (unsigned bit = 0; bit < 8; bit++) {
                unsigned in = (block[i] >> bit & 1) ^ (edc & 1);
                edc = edc >> 1 ^ (in ? 0xD8018001u : 0);
            }
        }
        assert_int_equal(edc, 0);
        for (unsigned i = 2068; i < 2076; i++)
            assert_int_equal(block[i], 0);
        for (unsigned column = 0; column < 86; column++) { /* P: 24 + 2 */
            for (unsigned i = 0; i < 26; i++)
                at[i] = 12 + i * 86 + column;
            check_code_word(block, at, 26);
        }
        for (unsigned diagonal = 0; diagonal < 52; diagonal++) { /* Q: 43 + 2 */
            for (unsigned i = 0; i < 43; i++)
                at[i] = 12 + 2 * ((44 * i + 43 * (diagonal / 2)) % 1118) + diagonal % 2;
            at[43] = 2248 + diagonal;
            at[44] = 2248 + 52 + diagonal;
            check_code_word(block, at, 45);
        }
    }
    /* A buffer that takes less than the last block: what fits, and an overrun. */
    rig_scsi(&r, device, CDB(0xBE, 0, 0, 0, 0, 0, 0, 0, 2, 0xF8, 0, 0), RIG_IN, raw, 3000);
    assert_int_equal(r.srb.SrbStatus, SRB_STATUS_DATA_OVERRUN);
    assert_int_equal(r.srb.DataTransferLength, 3000);
    ObDereferenceObject(device);
}

static void mode_select(void **state)
{
    PDEVICE_OBJECT device = rig_device(rig_add(rig_image("cd", 100)));
    uint8_t list[20] = {0, 0, 0, 0, 0, 0, 0, 0, 0x01, 0x0A, 0x20, 9};
    uint8_t back[20];
    struct rig_request r;

    (void)state;
    rig_settle(device);
    rig_scsi(&r, device, CDB(0x55, 0x10, 0, 0, 0, 0, 0, 0, 20, 0), RIG_OUT, list, 20);
    assert_int_equal(r.srb.SrbStatus, SRB_STATUS_SUCCESS);
    rig_scsi(&r, device, CDB(0x5A, 0, 1, 0, 0, 0, 0, 0, 20, 0), RIG_IN, back, 20);
    assert_int_equal(back[10], 0x20);
    assert_int_equal(back[11], 9);
    rig_scsi(&r, device, CDB(0x5A, 0, 0x81, 0, 0, 0, 0, 0, 20, 0), RIG_IN, back, 20);
    assert_int_equal(back[10], 0); /* the default stays */
    list[10] = 0x80;               /* not changeable: and nothing else is changed with it */
    list[11] = 3;
    rig_scsi(&r, device, CDB(0x55, 0x10, 0, 0, 0, 0, 0, 0, 20, 0), RIG_OUT, list, 20);
    assert_int_equal(rig_sense(&r), 0x052600);
    rig_scsi(&r, device, CDB(0x5A, 0, 1, 0, 0, 0, 0, 0, 20, 0), RIG_IN, back, 20);
    assert_int_equal(back[11], 9);
    rig_scsi(&r, device, CDB(0x55, 0x10, 0, 0, 0, 0, 0, 0, 15, 0), RIG_OUT, list, 15);
    assert_int_equal(rig_sense(&r), 0x051A00);
    list[8] = 0x05; /* no such page */
    rig_scsi(&r, device, CDB(0x55, 0x10, 0, 0, 0, 0, 0, 0, 20, 0), RIG_OUT, list, 20);
    assert_int_equal(rig_sense(&r), 0x052600);
    rig_scsi(&r, device, CDB(0x55, 0x11, 0, 0, 0, 0, 0, 0, 20, 0), RIG_OUT, list, 20);
    assert_int_equal(rig_sense(&r), ILLEGAL_FIELD);
    rig_scsi(&r, device, CDB(0x55, 0x10, 0, 0, 0, 0, 0, 0, 0, 0), RIG_NONE, NULL, 0);
    assert_int_equal(r.srb.SrbStatus, SRB_STATUS_SUCCESS);
    /* MODE SELECT(6) with a block descriptor. */
    rig_scsi(&r, device, CDB(0x15, 0x10, 0, 0, 12, 0), RIG_OUT,
             (uint8_t[]){0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 8, 0}, 12);
    assert_int_equal(r.srb.SrbStatus, SRB_STATUS_SUCCESS);
    rig_scsi(&r, device, CDB(0x15, 0x10, 0, 0, 12, 0), RIG_OUT,
             (uint8_t[]){0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 2, 0}, 12);
    assert_int_equal(rig_sense(&r), 0x052600);
    ObDereferenceObject(device);
}

static void the_speed(void **state)
{
    PDEVICE_OBJECT device = rig_device(rig_add(rig_image("cd", 100)));
    uint8_t back[40];
    struct rig_request r;

    (void)state;
    rig_settle(device);
    rig_scsi(&r, device, CDB(0xBB, 0, 0x02, 0xC1, 0xFF, 0xFF, 0, 0, 0, 0, 0, 0), RIG_NONE, NULL, 0);
    assert_int_equal(r.srb.SrbStatus, SRB_STATUS_SUCCESS);
    rig_scsi(&r, device, CDB(0x5A, 0, 0x2A, 0, 0, 0, 0, 0, 40, 0), RIG_IN, back, 40);
    assert_int_equal(back[22] << 8 | back[23], 0x02C1);
    ObDereferenceObject(device);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_cd_drive, rig_clean),
        cmocka_unit_test_teardown(a_dvd_drive, rig_clean),
        cmocka_unit_test_teardown(an_empty_drive, rig_clean),
        cmocka_unit_test_teardown(unit_attentions, rig_clean),
        cmocka_unit_test_teardown(sense_without_autosense, rig_clean),
        cmocka_unit_test_teardown(raw_blocks, rig_clean),
        cmocka_unit_test_teardown(mode_select, rig_clean),
        cmocka_unit_test_teardown(the_speed, rig_clean),
    };
    return cmocka_run_group_tests_name("vhba commands", tests, rig_setup, rig_teardown);
}
