/* SPDX-License-Identifier: MIT */
/* fakedrive.c - what a device of the adapter does by itself: a CD drive, as far as drivers look at
 * it. */
#include "rig.h"

PSCSI_REQUEST_BLOCK fake_srb_of(PIRP irp)
{
    return IoGetCurrentIrpStackLocation(irp)->Parameters.Scsi.Srb;
}

uint8_t *fake_data(PIRP irp)
{
    PSCSI_REQUEST_BLOCK srb = fake_srb_of(irp);
    ULONG_PTR offset;

    if (irp->MdlAddress == NULL)
        return srb->DataBuffer;
    offset = (ULONG_PTR)srb->DataBuffer - (ULONG_PTR)MmGetMdlVirtualAddress(irp->MdlAddress);
    assert_true(offset + srb->DataTransferLength <= MmGetMdlByteCount(irp->MdlAddress));
    return (uint8_t *)MmGetSystemAddressForMdlSafe(irp->MdlAddress, NormalPagePriority) + offset;
}

NTSTATUS fake_complete_srb(PIRP irp, NTSTATUS status, UCHAR srb_status, UCHAR scsi_status,
                           ULONG transferred)
{
    PSCSI_REQUEST_BLOCK srb = fake_srb_of(irp);

    srb->SrbStatus = srb_status;
    srb->ScsiStatus = scsi_status;
    srb->DataTransferLength = transferred;
    return fake_complete(irp, status, transferred);
}

NTSTATUS fake_good(PIRP irp)
{
    return fake_complete_srb(irp, STATUS_SUCCESS, SRB_STATUS_SUCCESS, SCSISTAT_GOOD,
                             fake_srb_of(irp)->DataTransferLength);
}

NTSTATUS fake_sense(PIRP irp, UCHAR key, UCHAR asc, UCHAR ascq)
{
    PSCSI_REQUEST_BLOCK srb = fake_srb_of(irp);
    uint8_t sense[18] = {0x70, 0, key, 0, 0, 0, 0, 10, 0, 0, 0, 0, asc, ascq};
    UCHAR status = SRB_STATUS_ERROR;

    if (srb->SenseInfoBuffer != NULL && srb->SenseInfoBufferLength != 0) {
        UCHAR length =
            srb->SenseInfoBufferLength < sizeof(sense) ? srb->SenseInfoBufferLength : sizeof(sense);

        memcpy(srb->SenseInfoBuffer, sense, length);
        srb->SenseInfoBufferLength = length;
        status |= SRB_STATUS_AUTOSENSE_VALID;
    }
    return fake_complete_srb(irp, STATUS_IO_DEVICE_ERROR, status, SCSISTAT_CHECK_CONDITION, 0);
}

uint8_t fake_byte(uint8_t medium, uint32_t block, uint32_t i)
{
    return (uint8_t)(medium * 101 + block * 7 + i * 13 + (i >> 8));
}

static void fill_block(uint8_t *to, uint8_t medium, uint32_t block)
{
    for (uint32_t i = 0; i < 2048; i++)
        to[i] = fake_byte(medium, block, i);
}

bool fake_holds(const void *buffer, uint8_t medium, uint32_t block, uint32_t count)
{
    const uint8_t *at = buffer;
    uint8_t expected[2048];

    for (; count > 0; count--, block++, at += 2048) {
        fill_block(expected, medium, block);
        if (memcmp(at, expected, 2048) != 0)
            return false;
    }
    return true;
}

/* What a command brings, cut off at the buffer's end: an overrun where the buffer takes more than
 * there is. */
static NTSTATUS bring(PIRP irp, const void *data, ULONG length)
{
    PSCSI_REQUEST_BLOCK srb = fake_srb_of(irp);

    if (srb->DataTransferLength < length)
        length = srb->DataTransferLength;
    if (length != 0)
        memcpy(fake_data(irp), data, length);
    if (length < srb->DataTransferLength)
        return fake_complete_srb(irp, STATUS_BUFFER_OVERFLOW, SRB_STATUS_DATA_OVERRUN,
                                 SCSISTAT_GOOD, length);
    return fake_good(irp);
}

static uint32_t be32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static NTSTATUS read_blocks(fake_lun *lun, PIRP irp, PSCSI_REQUEST_BLOCK srb)
{
    uint32_t lba = be32(srb->Cdb + 2);
    uint32_t count = (uint32_t)srb->Cdb[7] << 8 | srb->Cdb[8];
    uint8_t *to;

    if ((uint64_t)lba + count > lun->disc.blocks)
        return fake_sense(irp, SCSI_SENSE_ILLEGAL_REQUEST, SCSI_ADSENSE_ILLEGAL_BLOCK, 0);
    assert_int_equal(srb->DataTransferLength, count * 2048);
    lun->reads++;
    to = fake_data(irp);
    for (uint32_t i = 0; i < count; i++)
        fill_block(to + 2048 * i, lun->disc.medium, lba + i);
    return fake_good(irp);
}

/* One data track, and where the medium ends. */
static NTSTATUS read_toc(fake_lun *lun, PIRP irp, PSCSI_REQUEST_BLOCK srb)
{
    uint32_t end = lun->disc.blocks;
    uint8_t toc[20] = {0, 18, 1, 1, 0, 0x14, 1, 0, 0, 0, 0, 0, 0, 0x14, 0xAA, 0};
    uint8_t sessions[12] = {0, 10, 1, 1, 0, 0x14, 1, 0, 0, 0, 0, 0};

    if ((srb->Cdb[2] & 0x0F) == 1)
        return bring(irp, sessions, sizeof(sessions));
    toc[16] = (uint8_t)(end >> 24);
    toc[17] = (uint8_t)(end >> 16);
    toc[18] = (uint8_t)(end >> 8);
    toc[19] = (uint8_t)end;
    return bring(irp, toc, sizeof(toc));
}

static NTSTATUS command(fake_lun *lun, PIRP irp, PSCSI_REQUEST_BLOCK srb)
{
    static const uint8_t inquiry[36] = {5,   0x80, 5,   2,   31,  0,   0,   0,   'F', 'A', 'K',
                                        'E', ' ',  ' ', ' ', ' ', 'D', 'r', 'i', 'v', 'e'};
    static const uint8_t configuration[16] = {0, 0, 0, 12, 0, 0,    0, 0x10,
                                              0, 0, 3, 4,  0, 0x10, 1, 0};
    static const uint8_t subchannel[16] = {0, 0x15, 0, 12, 1};
    fake_disc *disc = &lun->disc;
    uint8_t capacity[8] = {0};
    uint32_t last = disc->blocks - 1;

    if (srb->Cdb[0] == SCSIOP_INQUIRY)
        return bring(irp, inquiry, sizeof(inquiry));
    if (disc->attentions != 0) {
        disc->attentions--;
        return fake_sense(irp, SCSI_SENSE_UNIT_ATTENTION, disc->attention_asc, 0);
    }
    if (srb->Cdb[0] == SCSIOP_GET_CONFIGURATION)
        return bring(irp, configuration, sizeof(configuration));
    if (srb->Cdb[0] == SCSIOP_START_STOP_UNIT) {
        if (disc->locked && srb->Cdb[4] == 2)
            return fake_sense(irp, SCSI_SENSE_ILLEGAL_REQUEST, 0x53, 2);
        disc->present = srb->Cdb[4] != 2;
        return fake_good(irp);
    }
    if (srb->Cdb[0] == SCSIOP_MEDIUM_REMOVAL) {
        disc->locked = srb->Cdb[4] & 1;
        return fake_good(irp);
    }
    if (!disc->present)
        return fake_sense(irp, SCSI_SENSE_NOT_READY, SCSI_ADSENSE_NO_MEDIA_IN_DEVICE, 0);
    if (disc->not_ready != 0) {
        disc->not_ready--;
        return fake_sense(irp, SCSI_SENSE_NOT_READY, SCSI_ADSENSE_LUN_NOT_READY, 1);
    }
    switch (srb->Cdb[0]) {
    case SCSIOP_TEST_UNIT_READY:
    case SCSIOP_SET_CD_SPEED:
        return fake_good(irp);
    case SCSIOP_READ_CAPACITY:
        capacity[0] = (uint8_t)(last >> 24);
        capacity[1] = (uint8_t)(last >> 16);
        capacity[2] = (uint8_t)(last >> 8);
        capacity[3] = (uint8_t)last;
        capacity[6] = 8;
        return bring(irp, capacity, sizeof(capacity));
    case SCSIOP_READ:
        return read_blocks(lun, irp, srb);
    case SCSIOP_READ_TOC:
        return read_toc(lun, irp, srb);
    case SCSIOP_READ_SUB_CHANNEL:
        return bring(irp, subchannel, sizeof(subchannel));
    case SCSIOP_READ_CD:
        memset(fake_data(irp), 0xCD, srb->DataTransferLength);
        return fake_good(irp);
    default:
        return fake_sense(irp, SCSI_SENSE_ILLEGAL_REQUEST, 0x20, 0);
    }
}

NTSTATUS fake_drive(fake_lun *lun, PIRP irp, PSCSI_REQUEST_BLOCK srb)
{
    switch (srb->Function) {
    case SRB_FUNCTION_EXECUTE_SCSI:
        return command(lun, irp, srb);
    case SRB_FUNCTION_CLAIM_DEVICE:
        if (lun->claim_status != 0)
            return fake_complete_srb(irp, lun->claim_status, SRB_STATUS_BUSY, 0, 0);
        if (atomic_exchange(&lun->claimed, true))
            return fake_complete_srb(irp, STATUS_DEVICE_BUSY, SRB_STATUS_BUSY, 0, 0);
        lun->claims++;
        srb->DataBuffer = lun->pdo;
        return fake_good(irp);
    case SRB_FUNCTION_RELEASE_DEVICE:
        lun->claimed = false;
        lun->releases++;
        return fake_good(irp);
    default:
        return fake_good(irp);
    }
}

void fake_finish(fake_lun *lun, PIRP irp)
{
    fake_drive(lun, irp, fake_srb_of(irp));
}

NTSTATUS fake_properties(fake_lun *lun, PIRP irp, PIO_STACK_LOCATION stack)
{
    const STORAGE_PROPERTY_QUERY *query = irp->AssociatedIrp.SystemBuffer;
    STORAGE_ADAPTER_DESCRIPTOR adapter = {.Version = sizeof(adapter), .Size = sizeof(adapter)};
    ULONG length = stack->Parameters.DeviceIoControl.OutputBufferLength;

    if (stack->Parameters.DeviceIoControl.IoControlCode != IOCTL_STORAGE_QUERY_PROPERTY ||
        lun->no_properties || query->PropertyId != StorageAdapterProperty)
        return fake_complete(irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    adapter.MaximumTransferLength = lun->maximum_transfer;
    adapter.MaximumPhysicalPages = lun->maximum_pages;
    if (length > sizeof(adapter))
        length = sizeof(adapter);
    memcpy(irp->AssociatedIrp.SystemBuffer, &adapter, length);
    return fake_complete(irp, STATUS_SUCCESS, length);
}
