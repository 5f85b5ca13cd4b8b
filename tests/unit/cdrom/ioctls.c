/* SPDX-License-Identifier: MIT */
/* Each IOCTL: its answer, its buffers, its command. */
#include "drive.h"

static uint8_t out[70000];

static NTSTATUS call(ULONG code, void *in, ULONG in_size, ULONG out_size, ULONG_PTR *information)
{
    memset(out, 0xEE, sizeof(out));
    return control(code, in, in_size, out_size != 0 ? out : NULL, out_size, information);
}

/* It wants `least` bytes: one fewer is refused, and nothing is sent; that many and more are good.
 */
static void assert_room(ULONG code, void *in, ULONG in_size, ULONG least, ULONG information)
{
    ULONG_PTR got;

    fake_clear(&lun);
    assert_status(call(code, in, in_size, least - 1, &got), STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(got, 0);
    if (least > 1)
        assert_status(call(code, in, in_size, 0, &got), STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(fake_count(&lun), 0);
    assert_ok(call(code, in, in_size, least, &got));
    assert_int_equal(got, information);
    assert_ok(call(code, in, in_size, least + 100, &got));
    assert_int_equal(out[least + 100], 0xEE);
}

static void assert_needs_input(ULONG code, void *in, ULONG least, ULONG out_size)
{
    fake_clear(&lun);
    assert_status(call(code, in, least - 1, out_size, NULL), STATUS_INFO_LENGTH_MISMATCH);
    assert_status(call(code, NULL, 0, out_size, NULL), STATUS_INFO_LENGTH_MISMATCH);
    assert_int_equal(fake_count(&lun), 0);
}

static void check_verify(void **state)
{
    static const ULONG codes[] = {IOCTL_CDROM_CHECK_VERIFY, IOCTL_STORAGE_CHECK_VERIFY,
                                  IOCTL_STORAGE_CHECK_VERIFY2, IOCTL_DISK_CHECK_VERIFY};
    ULONG_PTR got;
    ULONG before, after;

    (void)state;
    for (size_t i = 0; i < RTL_NUMBER_OF(codes); i++) {
        fake_clear(&lun);
        assert_ok(call(codes[i], NULL, 0, 0, &got));
        assert_int_equal(got, 0);
        assert_int_equal(fake_count_of(&lun, SCSIOP_TEST_UNIT_READY), 1);
        assert_status(call(codes[i], NULL, 0, 3, NULL), STATUS_BUFFER_TOO_SMALL);
        assert_ok(call(codes[i], NULL, 0, 4, &got));
        assert_int_equal(got, 4);
        memcpy(&before, out, 4);
        assert_ok(call(codes[i], NULL, 0, 100, &got));
        assert_int_equal(got, 4);
        memcpy(&after, out, 4);
        assert_int_equal(after, before);
        /* Another medium: the count moves on. */
        lun.disc.attentions = 1;
        lun.disc.attention_asc = SCSI_ADSENSE_MEDIUM_CHANGED;
        assert_ok(call(codes[i], NULL, 0, 4, NULL));
        memcpy(&after, out, 4);
        assert_int_equal(after, before + 1);
        /* A reset is no change. */
        lun.disc.attentions = 1;
        lun.disc.attention_asc = 0x29;
        assert_ok(call(codes[i], NULL, 0, 4, NULL));
        memcpy(&after, out, 4);
        assert_int_equal(after, before + 1);
    }
    lun.disc.present = false;
    assert_status(call(IOCTL_STORAGE_CHECK_VERIFY, NULL, 0, 0, NULL), STATUS_NO_MEDIA_IN_DEVICE);
    /* Taken out and put back unseen by any attention: another medium, as far as anybody can know.
     */
    lun.disc.present = true;
    assert_ok(call(IOCTL_STORAGE_CHECK_VERIFY, NULL, 0, 4, NULL));
    assert_true(*(ULONG *)out >= after);
    lun.disc.not_ready = 3;
    assert_ok(call(IOCTL_STORAGE_CHECK_VERIFY, NULL, 0, 0, NULL));
    lun.disc.not_ready = 9;
    assert_status(call(IOCTL_STORAGE_CHECK_VERIFY, NULL, 0, 0, NULL), STATUS_DEVICE_NOT_READY);
}

static void taken_out_and_put_back(void **state)
{
    ULONG before, after;

    (void)state;
    assert_ok(call(IOCTL_STORAGE_CHECK_VERIFY, NULL, 0, 4, NULL));
    memcpy(&before, out, 4);
    lun.disc.present = false;
    assert_status(read_blocks(0, 1, out), STATUS_NO_MEDIA_IN_DEVICE);
    lun.disc.present = true;
    assert_ok(call(IOCTL_STORAGE_CHECK_VERIFY, NULL, 0, 4, NULL));
    memcpy(&after, out, 4);
    assert_int_not_equal(after, before);
}

/* Capacity in all its forms, always the present medium's. */
static void sizes(void **state)
{
    DISK_GEOMETRY_EX geometry;
    STORAGE_READ_CAPACITY capacity;
    ULONG ex = FIELD_OFFSET(DISK_GEOMETRY_EX, Data);
    uint32_t blocks[] = {1000, 1, 4100000, 300};

    (void)state;
    assert_room(IOCTL_CDROM_GET_DRIVE_GEOMETRY, NULL, 0, sizeof(DISK_GEOMETRY),
                sizeof(DISK_GEOMETRY));
    assert_room(IOCTL_DISK_GET_DRIVE_GEOMETRY, NULL, 0, sizeof(DISK_GEOMETRY),
                sizeof(DISK_GEOMETRY));
    assert_room(IOCTL_CDROM_GET_DRIVE_GEOMETRY_EX, NULL, 0, ex, ex);
    assert_room(IOCTL_DISK_GET_DRIVE_GEOMETRY_EX, NULL, 0, ex, ex);
    assert_room(IOCTL_DISK_GET_LENGTH_INFO, NULL, 0, 8, 8);
    assert_room(IOCTL_STORAGE_READ_CAPACITY, NULL, 0, sizeof(capacity), sizeof(capacity));
    for (size_t i = 0; i < RTL_NUMBER_OF(blocks); i++) {
        for (int which = 0; which < 4; which++) {
            /* Each of them is the first that meets the new medium. */
            lun.disc.blocks = blocks[i] + (uint32_t)which;
            lun.disc.attentions = 1;
            lun.disc.attention_asc = SCSI_ADSENSE_MEDIUM_CHANGED;
            switch (which) {
            case 0:
                assert_ok(call(IOCTL_DISK_GET_LENGTH_INFO, NULL, 0, 8, NULL));
                assert_int_equal(*(uint64_t *)out, lun.disc.blocks * 2048ull);
                break;
            case 1:
                assert_ok(call(IOCTL_CDROM_GET_DRIVE_GEOMETRY_EX, NULL, 0, sizeof(geometry), NULL));
                memcpy(&geometry, out, ex);
                assert_int_equal(geometry.DiskSize.QuadPart, lun.disc.blocks * 2048ull);
                assert_int_equal(geometry.Geometry.BytesPerSector, 2048);
                assert_int_equal(geometry.Geometry.MediaType, RemovableMedia);
                break;
            case 2:
                assert_ok(
                    call(IOCTL_DISK_GET_DRIVE_GEOMETRY, NULL, 0, sizeof(DISK_GEOMETRY), NULL));
                memcpy(&geometry, out, sizeof(DISK_GEOMETRY));
                assert_int_equal(geometry.Geometry.Cylinders.QuadPart, lun.disc.blocks / 2048);
                assert_int_equal(geometry.Geometry.TracksPerCylinder, 64);
                assert_int_equal(geometry.Geometry.SectorsPerTrack, 32);
                break;
            default:
                assert_ok(call(IOCTL_STORAGE_READ_CAPACITY, NULL, 0, sizeof(capacity), NULL));
                memcpy(&capacity, out, sizeof(capacity));
                assert_int_equal(capacity.NumberOfBlocks.QuadPart, lun.disc.blocks);
                assert_int_equal(capacity.BlockLength, 2048);
                assert_int_equal(capacity.DiskLength.QuadPart, lun.disc.blocks * 2048ull);
                break;
            }
        }
    }
    lun.disc.present = false;
    assert_status(call(IOCTL_DISK_GET_LENGTH_INFO, NULL, 0, 8, NULL), STATUS_NO_MEDIA_IN_DEVICE);
    assert_status(call(IOCTL_DISK_GET_DRIVE_GEOMETRY, NULL, 0, 100, NULL),
                  STATUS_NO_MEDIA_IN_DEVICE);
    assert_status(call(IOCTL_DISK_GET_DRIVE_GEOMETRY_EX, NULL, 0, 100, NULL),
                  STATUS_NO_MEDIA_IN_DEVICE);
    assert_status(call(IOCTL_STORAGE_READ_CAPACITY, NULL, 0, 100, NULL), STATUS_NO_MEDIA_IN_DEVICE);
}

static void numbers_and_the_like(void **state)
{
    STORAGE_DEVICE_NUMBER number;
    STORAGE_HOTPLUG_INFO hotplug;

    (void)state;
    assert_room(IOCTL_STORAGE_GET_DEVICE_NUMBER, NULL, 0, sizeof(number), sizeof(number));
    memcpy(&number, out, sizeof(number));
    assert_int_equal(number.DeviceType, FILE_DEVICE_CD_ROM);
    assert_int_equal(number.DeviceNumber, 0);
    assert_int_equal(number.PartitionNumber, (ULONG)-1);
    assert_room(IOCTL_STORAGE_GET_HOTPLUG_INFO, NULL, 0, sizeof(hotplug), sizeof(hotplug));
    memcpy(&hotplug, out, sizeof(hotplug));
    assert_int_equal(hotplug.Size, sizeof(hotplug));
    assert_true(hotplug.MediaRemovable && hotplug.DeviceHotplug);
    fake_clear(&lun);
    assert_status(call(IOCTL_DISK_IS_WRITABLE, NULL, 0, 0, NULL), STATUS_MEDIA_WRITE_PROTECTED);
    assert_int_equal(fake_count(&lun), 0);
}

static void the_tray(void **state)
{
    static const ULONG ejects[] = {IOCTL_CDROM_EJECT_MEDIA, IOCTL_STORAGE_EJECT_MEDIA,
                                   IOCTL_DISK_EJECT_MEDIA};
    static const ULONG loads[] = {IOCTL_CDROM_LOAD_MEDIA, IOCTL_STORAGE_LOAD_MEDIA,
                                  IOCTL_STORAGE_LOAD_MEDIA2, IOCTL_DISK_LOAD_MEDIA};
    static const ULONG locks[] = {IOCTL_CDROM_MEDIA_REMOVAL, IOCTL_STORAGE_MEDIA_REMOVAL,
                                  IOCTL_DISK_MEDIA_REMOVAL, IOCTL_STORAGE_EJECTION_CONTROL};
    ULONG count, later;

    (void)state;
    assert_ok(call(IOCTL_STORAGE_CHECK_VERIFY, NULL, 0, 4, NULL));
    memcpy(&count, out, 4);
    for (size_t i = 0; i < RTL_NUMBER_OF(loads); i++) {
        assert_ok(call(ejects[i % RTL_NUMBER_OF(ejects)], NULL, 0, 0, NULL));
        assert_false(lun.disc.present);
        assert_status(read_blocks(0, 1, out), STATUS_NO_MEDIA_IN_DEVICE);
        assert_ok(call(loads[i], NULL, 0, 0, NULL));
        assert_true(lun.disc.present);
        assert_ok(call(IOCTL_STORAGE_CHECK_VERIFY, NULL, 0, 4, NULL));
        memcpy(&later, out, 4);
        assert_true(later > count);
        count = later;
    }
    for (size_t i = 0; i < RTL_NUMBER_OF(locks); i++) {
        PREVENT_MEDIA_REMOVAL prevent = {.PreventMediaRemoval = TRUE};

        assert_needs_input(locks[i], &prevent, sizeof(prevent), 0);
        assert_ok(call(locks[i], &prevent, sizeof(prevent), 0, NULL));
        assert_true(lun.disc.locked);
        assert_status(call(IOCTL_STORAGE_EJECT_MEDIA, NULL, 0, 0, NULL),
                      STATUS_INVALID_DEVICE_STATE);
        assert_true(lun.disc.present);
        prevent.PreventMediaRemoval = FALSE;
        assert_ok(call(locks[i], &prevent, sizeof(prevent), 0, NULL));
        assert_false(lun.disc.locked);
    }
}

static void tables_of_contents(void **state)
{
    CDROM_READ_TOC_EX question = {
        .Format = CDROM_READ_TOC_EX_FORMAT_TOC, .Msf = 1, .SessionTrack = 3};
    CDROM_DISK_DATA disk;
    fake_record sent;

    (void)state;
    assert_room(IOCTL_CDROM_READ_TOC, NULL, 0, 12, 12);
    fake_clear(&lun);
    assert_ok(call(IOCTL_CDROM_READ_TOC, NULL, 0, sizeof(CDROM_TOC), NULL));
    sent = fake_recorded(&lun, 0);
    assert_int_equal(sent.cdb[0], SCSIOP_READ_TOC);
    assert_int_equal(sent.cdb[1], 2);
    assert_int_equal(sent.cdb[7] << 8 | sent.cdb[8], sizeof(CDROM_TOC));
    assert_int_equal(sent.length, sizeof(CDROM_TOC));
    assert_int_equal(out[2], 1);
    assert_int_equal(out[20], 0xEE); /* no more than came */

    assert_room(IOCTL_CDROM_GET_LAST_SESSION, NULL, 0, sizeof(CDROM_TOC_SESSION_DATA),
                sizeof(CDROM_TOC_SESSION_DATA));

    assert_needs_input(IOCTL_CDROM_READ_TOC_EX, &question, sizeof(question), 100);
    assert_room(IOCTL_CDROM_READ_TOC_EX, &question, sizeof(question),
                MINIMUM_CDROM_READ_TOC_EX_SIZE, MINIMUM_CDROM_READ_TOC_EX_SIZE);
    fake_clear(&lun);
    assert_ok(call(IOCTL_CDROM_READ_TOC_EX, &question, sizeof(question), 100, NULL));
    sent = fake_recorded(&lun, 0);
    assert_int_equal(sent.cdb[1], 2);
    assert_int_equal(sent.cdb[2], 0);
    assert_int_equal(sent.cdb[6], 3);
    /* More than the adapter takes at a time is not asked of it. */
    assert_ok(call(IOCTL_CDROM_READ_TOC_EX, &question, sizeof(question), 70000, NULL));
    assert_int_equal(fake_recorded(&lun, 1).length, 65535);
    fake_clear(&lun);
    question.Format = 6;
    assert_status(call(IOCTL_CDROM_READ_TOC_EX, &question, sizeof(question), 100, NULL),
                  STATUS_INVALID_PARAMETER);
    question.Format = 0;
    question.Reserved1 = 1;
    assert_status(call(IOCTL_CDROM_READ_TOC_EX, &question, sizeof(question), 100, NULL),
                  STATUS_INVALID_PARAMETER);
    question.Reserved1 = 0;
    question.Reserved3 = 1;
    assert_status(call(IOCTL_CDROM_READ_TOC_EX, &question, sizeof(question), 100, NULL),
                  STATUS_INVALID_PARAMETER);
    assert_int_equal(fake_count(&lun), 0);

    assert_room(IOCTL_CDROM_DISK_TYPE, NULL, 0, sizeof(disk), sizeof(disk));
    memcpy(&disk, out, sizeof(disk));
    assert_int_equal(disk.DiskData, CDROM_DISK_DATA_TRACK);
    lun.disc.present = false;
    assert_status(call(IOCTL_CDROM_READ_TOC, NULL, 0, 100, NULL), STATUS_NO_MEDIA_IN_DEVICE);
    assert_status(call(IOCTL_CDROM_DISK_TYPE, NULL, 0, 100, NULL), STATUS_NO_MEDIA_IN_DEVICE);
}

static void an_adapter_that_takes_little(void **state)
{
    CDROM_READ_TOC_EX question = {.Format = CDROM_READ_TOC_EX_FORMAT_TOC};
    ULONG_PTR got;

    (void)state;
    drive_boot(2);
    lun.maximum_transfer = 4096;
    drive_plug();
    assert_ok(call(IOCTL_CDROM_READ_TOC_EX, &question, sizeof(question), 65000, &got));
    assert_int_equal(got, 20);
    assert_int_equal(fake_recorded(&lun, 0).length, 4096);
    assert_int_equal(fake_recorded(&lun, 0).cdb[7] << 8 | fake_recorded(&lun, 0).cdb[8], 4096);
    {
        GET_CONFIGURATION_IOCTL_INPUT in = {.RequestType = 0};

        assert_ok(call(IOCTL_CDROM_GET_CONFIGURATION, &in, sizeof(in), 65000, &got));
        assert_int_equal(fake_recorded(&lun, 1).length, 4096);
    }
}

static void other_commands_for_data(void **state)
{
    GET_CONFIGURATION_IOCTL_INPUT configuration = {.Feature = 0x0107, .RequestType = 2};
    CDROM_SUB_Q_DATA_FORMAT subchannel = {.Format = IOCTL_CDROM_CURRENT_POSITION, .Track = 4};
    fake_record sent;

    (void)state;
    assert_needs_input(IOCTL_CDROM_GET_CONFIGURATION, &configuration, sizeof(configuration), 100);
    assert_room(IOCTL_CDROM_GET_CONFIGURATION, &configuration, sizeof(configuration), 8, 8);
    fake_clear(&lun);
    assert_ok(
        call(IOCTL_CDROM_GET_CONFIGURATION, &configuration, sizeof(configuration), 100, NULL));
    sent = fake_recorded(&lun, 0);
    assert_int_equal(sent.cdb[0], SCSIOP_GET_CONFIGURATION);
    assert_int_equal(sent.cdb[1], 2);
    assert_int_equal(sent.cdb[2] << 8 | sent.cdb[3], 0x0107);
    configuration.RequestType = 3;
    assert_status(
        call(IOCTL_CDROM_GET_CONFIGURATION, &configuration, sizeof(configuration), 100, NULL),
        STATUS_INVALID_PARAMETER);

    assert_room(IOCTL_CDROM_GET_INQUIRY_DATA, NULL, 0, 36, 36);
    assert_memory_equal(out + 8, "FAKE", 4);
    fake_clear(&lun);
    assert_ok(call(IOCTL_CDROM_GET_INQUIRY_DATA, NULL, 0, 1000, NULL));
    assert_int_equal(fake_recorded(&lun, 0).cdb[4], 255);
    assert_int_equal(fake_recorded(&lun, 0).length, 255);

    assert_needs_input(IOCTL_CDROM_READ_Q_CHANNEL, &subchannel, sizeof(subchannel), 100);
    assert_room(IOCTL_CDROM_READ_Q_CHANNEL, &subchannel, sizeof(subchannel), sizeof(SUB_Q_HEADER),
                sizeof(SUB_Q_HEADER));
    fake_clear(&lun);
    assert_ok(call(IOCTL_CDROM_READ_Q_CHANNEL, &subchannel, sizeof(subchannel), 100, NULL));
    sent = fake_recorded(&lun, 0);
    assert_int_equal(sent.cdb[3], IOCTL_CDROM_CURRENT_POSITION);
    assert_int_equal(sent.cdb[6], 4);
    subchannel.Format = 0;
    assert_status(call(IOCTL_CDROM_READ_Q_CHANNEL, &subchannel, sizeof(subchannel), 100, NULL),
                  STATUS_INVALID_PARAMETER);
    subchannel.Format = 4;
    assert_status(call(IOCTL_CDROM_READ_Q_CHANNEL, &subchannel, sizeof(subchannel), 100, NULL),
                  STATUS_INVALID_PARAMETER);
}

static void speed(void **state)
{
    CDROM_SET_SPEED set = {.RequestType = CdromSetSpeed, .ReadSpeed = 0x1234, .WriteSpeed = 0x5678};
    fake_record sent;

    (void)state;
    assert_needs_input(IOCTL_CDROM_SET_SPEED, &set, sizeof(set), 0);
    assert_ok(call(IOCTL_CDROM_SET_SPEED, &set, sizeof(set), 0, NULL));
    sent = fake_recorded(&lun, 0);
    assert_int_equal(sent.cdb[0], SCSIOP_SET_CD_SPEED);
    assert_int_equal(sent.cdb[2] << 8 | sent.cdb[3], 0x1234);
    assert_int_equal(sent.cdb[4] << 8 | sent.cdb[5], 0x5678);
    set.RequestType = CdromSetStreaming;
    assert_status(call(IOCTL_CDROM_SET_SPEED, &set, sizeof(set), 0, NULL),
                  STATUS_INVALID_PARAMETER);
}

static void raw_sectors(void **state)
{
    RAW_READ_INFO info = {.DiskOffset.QuadPart = 16 * 2048, .SectorCount = 3, .TrackMode = CDDA};
    static const struct {
        TRACK_MODE_TYPE mode;
        uint8_t type;
    } modes[] = {{CDDA, 1}, {YellowMode2, 3}, {XAForm2, 5}};
    fake_record sent;
    ULONG_PTR got;

    (void)state;
    assert_needs_input(IOCTL_CDROM_RAW_READ, &info, sizeof(info), 3 * 2352);
    for (size_t i = 0; i < RTL_NUMBER_OF(modes); i++) {
        info.TrackMode = modes[i].mode;
        fake_clear(&lun);
        assert_ok(call(IOCTL_CDROM_RAW_READ, &info, sizeof(info), 3 * 2352 + 5, &got));
        assert_int_equal(got, 3 * 2352);
        assert_int_equal(out[0], 0xCD);
        assert_int_equal(out[3 * 2352 - 1], 0xCD);
        assert_int_equal(out[3 * 2352], 0xEE);
        sent = fake_recorded(&lun, 0);
        assert_int_equal(sent.cdb[0], SCSIOP_READ_CD);
        assert_int_equal(sent.cdb[1], modes[i].type << 2);
        assert_int_equal(sent.cdb[5], 16);
        assert_int_equal(sent.cdb[8], 3);
    }
    fake_clear(&lun);
    assert_status(call(IOCTL_CDROM_RAW_READ, &info, sizeof(info), 3 * 2352 - 1, NULL),
                  STATUS_INVALID_PARAMETER);
    assert_status(call(IOCTL_CDROM_RAW_READ, &info, sizeof(info), 0, NULL),
                  STATUS_INVALID_PARAMETER);
    info.SectorCount = 0;
    assert_status(call(IOCTL_CDROM_RAW_READ, &info, sizeof(info), 100, NULL),
                  STATUS_INVALID_PARAMETER);
    info.SectorCount = 28; /* 65,856 bytes: the adapter takes 65,536 */
    assert_status(call(IOCTL_CDROM_RAW_READ, &info, sizeof(info), 28 * 2352, NULL),
                  STATUS_INVALID_PARAMETER);
    info.SectorCount = 0xFFFFFFFF; /* times 2,352 is small in 32 bits */
    assert_status(call(IOCTL_CDROM_RAW_READ, &info, sizeof(info), 60000, NULL),
                  STATUS_INVALID_PARAMETER);
    info.SectorCount = 1;
    info.DiskOffset.QuadPart = -2048;
    assert_status(call(IOCTL_CDROM_RAW_READ, &info, sizeof(info), 2352, NULL),
                  STATUS_INVALID_PARAMETER);
    info.DiskOffset.QuadPart = 0x7FFFFFFFFFFFF800ll;
    assert_status(call(IOCTL_CDROM_RAW_READ, &info, sizeof(info), 2352, NULL),
                  STATUS_INVALID_PARAMETER);
    info.DiskOffset.QuadPart = 0;
    info.TrackMode = (TRACK_MODE_TYPE)9;
    assert_status(call(IOCTL_CDROM_RAW_READ, &info, sizeof(info), 2352, NULL),
                  STATUS_INVALID_PARAMETER);
    assert_int_equal(fake_count(&lun), 0);
}

static void the_rest_is_the_port_drivers(void **state)
{
    STORAGE_PROPERTY_QUERY query = {.PropertyId = StorageAdapterProperty};
    SCSI_PASS_THROUGH spt = {.Length = sizeof(spt)};
    ULONG_PTR got;

    (void)state;
    assert_ok(call(IOCTL_STORAGE_QUERY_PROPERTY, &query, sizeof(query), 1000, &got));
    assert_int_equal(got, sizeof(STORAGE_ADAPTER_DESCRIPTOR));
    assert_status(call(IOCTL_SCSI_PASS_THROUGH, &spt, sizeof(spt), sizeof(spt), NULL),
                  STATUS_INVALID_DEVICE_REQUEST);
    assert_int_equal(fake_recorded(&lun, 1).code, IOCTL_SCSI_PASS_THROUGH);
    assert_int_equal(fake_recorded(&lun, 1).input, sizeof(spt));
    assert_status(call(IOCTL_SCSI_PASS_THROUGH_DIRECT, &spt, sizeof(spt), sizeof(spt), NULL),
                  STATUS_INVALID_DEVICE_REQUEST);
    assert_int_equal(fake_recorded(&lun, 2).code, IOCTL_SCSI_PASS_THROUGH_DIRECT);
    assert_status(call(CTL_CODE(0x1234, 5, METHOD_BUFFERED, 0), NULL, 0, 0, NULL),
                  STATUS_INVALID_DEVICE_REQUEST);
    assert_int_equal(fake_count(&lun), 4);
}

static NTSTATUS hold_capacity(fake_lun *l, PIRP irp, PSCSI_REQUEST_BLOCK srb)
{
    if (srb->Function == SRB_FUNCTION_EXECUTE_SCSI && srb->Cdb[0] == SCSIOP_READ_CAPACITY)
        return fake_hold(l, irp);
    return fake_drive(l, irp, srb);
}

static void the_length_is_waited_for_without_holding_anybody(void **state)
{
    rig_io io;

    (void)state;
    lun.on_srb = hold_capacity;
    assert_status(rig_control(&io, drive, IOCTL_DISK_GET_LENGTH_INFO, NULL, 0, out, 8),
                  STATUS_PENDING);
    assert_false(rig_io_done(&io));
    rig_io_cancel(&io);
    assert_status(rig_io_end(&io), STATUS_CANCELLED);
    assert_int_equal(lun.cancelled, 1);
    assert_status(rig_control(&io, drive, IOCTL_DISK_GET_LENGTH_INFO, NULL, 0, out, 8),
                  STATUS_PENDING);
    fake_finish(&lun, fake_take(&lun));
    assert_ok(rig_io_end(&io));
    assert_int_equal(*(uint64_t *)out, 1000 * 2048);
    /* A drive that becomes ready, and one that does not. */
    lun.on_srb = fake_drive;
    lun.disc.not_ready = 3;
    assert_ok(call(IOCTL_DISK_GET_LENGTH_INFO, NULL, 0, 8, NULL));
    lun.disc.not_ready = 9;
    assert_status(call(IOCTL_DISK_GET_LENGTH_INFO, NULL, 0, 8, NULL), STATUS_DEVICE_NOT_READY);
}

static void the_length_is_cancelled_while_the_drive_loads(void **state)
{
    rig_io io;

    (void)state;
    drive_boot(60000);
    drive_plug();
    lun.disc.not_ready = 1000;
    assert_status(rig_control(&io, drive, IOCTL_DISK_GET_LENGTH_INFO, NULL, 0, out, 8),
                  STATUS_PENDING);
    rig_io_cancel(&io);
    assert_status(rig_io_end(&io), STATUS_CANCELLED);
}

#define TEST(name)      cmocka_unit_test_setup_teardown(name, drive_setup, drive_teardown)
#define TEST_BARE(name) cmocka_unit_test_teardown(name, drive_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(check_verify),
        TEST(taken_out_and_put_back),
        TEST(sizes),
        TEST(numbers_and_the_like),
        TEST(the_tray),
        TEST(tables_of_contents),
        TEST_BARE(an_adapter_that_takes_little),
        TEST(other_commands_for_data),
        TEST(speed),
        TEST(raw_sectors),
        TEST(the_rest_is_the_port_drivers),
        TEST(the_length_is_waited_for_without_holding_anybody),
        TEST_BARE(the_length_is_cancelled_while_the_drive_loads),
    };

    return cmocka_run_group_tests_name("cdrom-ioctls", tests, NULL, NULL);
}
