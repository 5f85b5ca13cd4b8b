/* SPDX-License-Identifier: MIT */
#include "server.h"

const GUID server_guid = SCSISERVER_INTERFACE_GUID;
fake_lun lun;

NTSTATUS NTAPI scsiserver_entry(PDRIVER_OBJECT driver, PUNICODE_STRING path);

int server_setup_bare(void **state)
{
    (void)state;
    rig_boot();
    rig_add_service(L"scsiserver", scsiserver_entry);
    assert_ok(PnpAddMatch(L"GenCdRom", L"scsiserver", NULL));
    fake_start();
    fake_init(&lun, L"1");
    return 0;
}

int server_setup(void **state)
{
    server_setup_bare(state);
    fake_plug(&lun);
    assert_int_equal(rig_state(fake_path(&lun)), PnpStarted);
    return 0;
}

int server_teardown(void **state)
{
    (void)state;
    if (lun.pdo != NULL)
        fake_forget(&lun);
    rig_shutdown();
    return 0;
}

REQUEST_HEADER *header_of(request *r)
{
    return (REQUEST_HEADER *)r->buffer;
}

PACKED_SRB *srb_of(request *r)
{
    return (PACKED_SRB *)(r->buffer + sizeof(REQUEST_HEADER));
}

uint8_t *body_of(request *r)
{
    return r->buffer + sizeof(REQUEST_HEADER);
}

static void make(request *r, uint32_t major, uint32_t length, uint32_t capacity)
{
    memset(r, 0, sizeof(*r));
    r->capacity = capacity;
    r->buffer = calloc(1, capacity);
    assert_non_null(r->buffer);
    *header_of(r) = (REQUEST_HEADER){.Id = 7,
                                     .Op = OP_REQUEST,
                                     .Irp = {0x11223344, 0x55667788},
                                     .Length = length,
                                     .MajorFunction = major};
}

void make_srb(request *r, UCHAR function, const uint8_t *cdb, size_t cdb_length, uint32_t flags,
              uint32_t data, uint8_t sense)
{
    uint32_t fixed = sizeof(REQUEST_HEADER) + sizeof(PACKED_SRB);
    PACKED_SRB *srb;

    make(r, IRP_MJ_INTERNAL_DEVICE_CONTROL, fixed + (flags & SRB_FLAGS_DATA_OUT ? data : 0),
         fixed + data + sense);
    srb = srb_of(r);
    srb->Function = function;
    srb->CdbLength = (UCHAR)cdb_length;
    if (cdb_length != 0)
        memcpy(srb->Cdb, cdb, cdb_length);
    srb->SrbFlags = flags;
    srb->DataTransferLength = data;
    srb->SenseInfoBufferLength = sense;
    srb->TimeOutValue = 10;
}

void make_read(request *r, uint32_t lba, uint32_t blocks)
{
    make_srb(r, SRB_FUNCTION_EXECUTE_SCSI,
             CDB(SCSIOP_READ, 0, (uint8_t)(lba >> 24), (uint8_t)(lba >> 16), (uint8_t)(lba >> 8),
                 (uint8_t)lba, 0, (uint8_t)(blocks >> 8), (uint8_t)blocks, 0),
             SRB_FLAGS_DATA_IN, blocks * 2048, 18);
}

void make_ioctl(request *r, uint32_t code, const void *in, uint32_t in_size, uint32_t out_size)
{
    uint32_t room = in_size > out_size ? in_size : out_size;

    make(r, IRP_MJ_DEVICE_CONTROL, sizeof(REQUEST_HEADER) + in_size, sizeof(REQUEST_HEADER) + room);
    header_of(r)->IoControlCode = code;
    header_of(r)->InputBufferLength = in_size;
    header_of(r)->OutputBufferLength = out_size;
    if (in_size != 0)
        memcpy(body_of(r), in, in_size);
}

void free_request(request *r)
{
    free(r->buffer);
    r->buffer = NULL;
}

NTSTATUS begin(request *r, HANDLE handle)
{
    return rig_control(&r->io, handle, IOCTL_EXECUTE_REQUEST, NULL, 0, r->buffer, r->capacity);
}

NTSTATUS end(request *r)
{
    NTSTATUS status = rig_io_end(&r->io);

    if (NT_SUCCESS(status)) {
        assert_int_equal(r->io.iosb.Information, header_of(r)->Length);
        assert_true(header_of(r)->Length <= r->capacity);
    }
    return status;
}

NTSTATUS execute(request *r, HANDLE handle)
{
    begin(r, handle);
    return end(r);
}
