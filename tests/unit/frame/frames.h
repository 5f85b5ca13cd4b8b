/* SPDX-License-Identifier: MIT */
/* frames.h - frames to look at: made field by field, looked at in a heap block of just their size.
 */
#ifndef TESTS_UNIT_FRAME_FRAMES_H
#define TESTS_UNIT_FRAME_FRAMES_H

#include <windows.h>
#include <winioctl.h>
#include <ntddscsi.h>
#include "scsinet_frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define SRB_FLAGS_DATA_IN  0x40u
#define SRB_FLAGS_DATA_OUT 0x80u
#define AUTOSENSE          0x80u
#define OVERRUN            0x12u

#define NT_ERROR_STATUS ((NTSTATUS)0xC0000185) /* any error */

/* A frame under construction: header, then body. */
struct frame {
    REQUEST_HEADER header;
    uint8_t body[70000];
    uint32_t used; /* of body */
};

static inline void frame_start(struct frame *f, uint32_t op, uint32_t major)
{
    memset(f, 0, sizeof(*f));
    f->header.Op = op;
    f->header.MajorFunction = major;
}

static inline void frame_add(struct frame *f, const void *bytes, size_t count)
{
    assert_true(f->used + count <= sizeof(f->body));
    if (bytes != NULL)
        memcpy(f->body + f->used, bytes, count);
    f->used += (uint32_t)count;
}

/* A copy of the whole frame, to the byte; free it. */
static inline REQUEST_HEADER *frame_copy(struct frame *f)
{
    REQUEST_HEADER *copy;

    f->header.Length = (uint32_t)sizeof(f->header) + f->used;
    copy = malloc(f->header.Length);
    assert_non_null(copy);
    memcpy(copy, &f->header, sizeof(*copy));
    memcpy(copy + 1, f->body, f->used);
    return copy;
}

/* Header and then frame, as a receiver looks at them. */
static inline SCSINET_FAULT frame_check(struct frame *f, SCSINET_SENDER sender)
{
    REQUEST_HEADER *copy = frame_copy(f);
    SCSINET_FAULT fault = ScsinetCheckHeader(copy, sender, SCSINET_MAXIMUM_FRAME);

    if (fault == ScsinetFrameGood)
        fault = ScsinetCheckFrame(copy, sender);
    free(copy);
    return fault;
}

enum {
    ID_DEVICE,
    ID_HARDWARE,
    ID_COMPATIBLE,
    ID_INSTANCE,
    ID_SERIAL,
    ID_CONTAINER,
    TEXT_DESCRIPTION,
    TEXT_LOCATION,
    CAPABILITIES
};

static inline void pnp_start(struct frame *f)
{
    frame_start(f, OP_PLUGIN, 0);
    f->used = sizeof(PNP_INFO);
}

static inline PNP_ENTRY *pnp_entry(struct frame *f, unsigned which)
{
    return (PNP_ENTRY *)f->body + which;
}

/* Appends ASCII as UTF-16, count characters with every zero that is meant. */
static inline void pnp_text(struct frame *f, unsigned which, const char *text, size_t count)
{
    PNP_ENTRY *entry = pnp_entry(f, which);

    entry->InfoOffset = f->used;
    entry->InfoLength = (uint32_t)(2 * count);
    entry->Status = 0;
    for (size_t i = 0; i < count; i++) {
        uint8_t two[2] = {(uint8_t)text[i], 0};

        frame_add(f, two, 2);
    }
}

/* With its terminator; a list written as "a\0b\0" gets its second one. */
#define PNP_TEXT(f, which, text) pnp_text((f), (which), (text), sizeof(text))

static inline void pnp_capabilities(struct frame *f)
{
    pnp_entry(f, CAPABILITIES)->InfoOffset = f->used;
    pnp_entry(f, CAPABILITIES)->InfoLength = 64;
    frame_add(f, NULL, 64);
}

/* A device as vhba's. */
static inline void pnp_drive(struct frame *f)
{
    pnp_start(f);
    pnp_capabilities(f);
    PNP_TEXT(f, ID_DEVICE, "SCSI\\CdRom&Ven_NTIO&Prod_Virtual");
    PNP_TEXT(f, ID_HARDWARE, "SCSI\\CdRomNTIO____Virtual_________1.0_\0SCSI\\CdRom\0GenCdRom\0");
    PNP_TEXT(f, ID_COMPATIBLE, "SCSI\\CdRom\0SCSI\\RAW\0");
    PNP_TEXT(f, ID_INSTANCE, "0001");
    PNP_TEXT(f, TEXT_DESCRIPTION, "NTIO Virtual, SCSI CdRom Device");
    PNP_TEXT(f, TEXT_LOCATION, "Bus Number 0, Target Id 0, LUN 1");
}

static inline void srb_frame(struct frame *f, uint32_t flags, uint32_t data, uint8_t sense)
{
    PACKED_SRB srb = {.CdbLength = 10,
                      .SrbFlags = flags,
                      .DataTransferLength = data,
                      .SenseInfoBufferLength = sense};

    frame_start(f, OP_REQUEST, 0x0F);
    frame_add(f, &srb, sizeof(srb));
}

static inline PACKED_SRB *srb_of(struct frame *f)
{
    return (PACKED_SRB *)f->body;
}

static inline void ioctl_frame(struct frame *f, uint32_t code, uint32_t in, uint32_t out)
{
    frame_start(f, OP_REQUEST, 0x0E);
    f->header.IoControlCode = code;
    f->header.InputBufferLength = in;
    f->header.OutputBufferLength = out;
}

/* A pass-through with its structure alone; sense at 56, data at 96. */
static inline SCSI_PASS_THROUGH *pass_through_frame(struct frame *f, uint8_t direction,
                                                    uint32_t data, uint8_t sense)
{
    SCSI_PASS_THROUGH spt = {.Length = sizeof(spt),
                             .CdbLength = 6,
                             .DataIn = direction,
                             .DataTransferLength = data,
                             .SenseInfoLength = sense,
                             .SenseInfoOffset = sizeof(spt),
                             .DataBufferOffset = 96};

    ioctl_frame(f, IOCTL_SCSI_PASS_THROUGH, 96 + data, 96 + data);
    frame_add(f, &spt, sizeof(spt));
    return (SCSI_PASS_THROUGH *)f->body;
}

#endif
