/* SPDX-License-Identifier: MIT */
/* rig.c - see rig.h. */
#define _GNU_SOURCE
#define INITGUID
#include "rig.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK 2048

static HANDLE adapter = INVALID_HANDLE_VALUE;
static char directory[64], instance[256];
static ULONG luns[2 * VHBA_MAXIMUM_LUNS]; /* of one test */
static unsigned lun_count;

int rig_setup(void **state)
{
    const char *driver = getenv("NTIO_VHBA");
    char reason[256] = "";
    char **list = NULL;

    (void)state;
    strcpy(directory, "/tmp/vhba-XXXXXX");
    assert_non_null(mkdtemp(directory));
    assert_non_null(driver);
    assert_int_equal(ntio_boot(NULL), 0);
    assert_int_equal(ntio_create_service("vhba", driver), 0);
    assert_int_equal(ntio_start_service("vhba", reason, sizeof(reason)), 0);
    assert_int_equal(ntio_add_match(VHBA_HARDWARE_ID, "vhba"), 0);
    assert_int_equal(ntio_create_root_device("vhba", VHBA_HARDWARE_ID, instance, sizeof(instance)),
                     0);
    assert_int_equal(ntio_get_interfaces(VHBA_INTERFACE_GUID, NULL, &list), 0);
    assert_non_null(list[0]);
    adapter = CreateFileA(list[0], GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE,
                          NULL, OPEN_EXISTING, 0, NULL);
    assert_ptr_not_equal(adapter, INVALID_HANDLE_VALUE);
    ntio_free_list(list);
    return 0;
}

int rig_teardown(void **state)
{
    (void)state;
    assert_true(CloseHandle(adapter));
    rmdir(directory);
    assert_int_equal(ntio_shutdown(), 0);
    return 0;
}

int rig_clean(void **state)
{
    VHBA_ADAPTER in = {sizeof(in), VHBA_DEFAULT_TRANSFER};
    char command[128];

    (void)state;
    for (unsigned i = 0; i < lun_count; i++)
        rig_remove(luns[i]);
    lun_count = 0;
    ntio_pnp_settle();
    assert_int_equal(rig_control(IOCTL_VHBA_SET_ADAPTER, &in, sizeof(in), NULL, 0), 0);
    snprintf(command, sizeof(command), "rm -rf '%s'/*", directory);
    return system(command);
}

uint8_t rig_byte(unsigned block, unsigned i)
{
    if (block == 16 && i < 7)
        return (uint8_t) "\1CD001\1"[i];
    return (uint8_t)(block * 7 + i * 13 + (i >> 8));
}

static const char *make_image(const char *name, unsigned blocks, bool sparse)
{
    static char path[2][256];
    static int turn;
    uint8_t data[BLOCK];
    char *p = path[turn ^= 1];
    int fd;

    snprintf(p, sizeof(path[0]), "%s/%s", directory, name);
    fd = open(p, O_RDWR | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, (off_t)blocks * BLOCK), 0);
    for (unsigned n = sparse ? 16 : 0; n < (sparse ? 17 : blocks) && n < blocks; n++) {
        for (unsigned i = 0; i < BLOCK; i++)
            data[i] = rig_byte(n, i);
        assert_int_equal(pwrite(fd, data, BLOCK, (off_t)n * BLOCK), BLOCK);
    }
    close(fd);
    return p;
}

const char *rig_image(const char *name, unsigned blocks)
{
    return make_image(name, blocks, false);
}

const char *rig_sparse(const char *name, unsigned blocks)
{
    return make_image(name, blocks, true);
}

DWORD rig_control(DWORD code, const void *in, DWORD in_size, void *out, DWORD out_size)
{
    DWORD n;

    return DeviceIoControl(adapter, code, (LPVOID)in, in_size, out, out_size, &n, NULL)
               ? 0
               : GetLastError();
}

static DWORD try_add(const char *path, ULONG type, ULONG block_size, ULONG flags, ULONG *lun)
{
    size_t length = path != NULL ? strlen(path) : 0;
    VHBA_ADD_LUN *in = calloc(1, VHBA_ADD_LUN_HEADER + length + 1);
    VHBA_LUN_NUMBER out = {0};
    DWORD error;

    in->Size = (ULONG)(VHBA_ADD_LUN_HEADER + length);
    in->Type = type;
    in->BlockSize = block_size;
    in->Flags = flags;
    memcpy(in->Vendor, "NTIO", 4);
    memcpy(in->Product, "Test, Drive", 11);
    memcpy(in->Revision, "2.5", 3);
    memcpy(in->Serial, "SN12345", 7);
    in->PathLength = (ULONG)length;
    memcpy(in->Path, path != NULL ? path : "", length);
    error = rig_control(IOCTL_VHBA_ADD_LUN, in, in->Size, &out, sizeof(out));
    free(in);
    if (error == 0) {
        assert_true(lun_count < sizeof(luns) / sizeof(luns[0]));
        luns[lun_count++] = out.Lun;
        if (lun != NULL)
            *lun = out.Lun;
    }
    return error;
}

DWORD rig_try_add(const char *path, ULONG *lun)
{
    return try_add(path, VHBA_TYPE_CD, 0, 0, lun);
}

DWORD rig_try_add_disk(const char *path, ULONG block_size, ULONG flags, ULONG *lun)
{
    DWORD error = try_add(path, VHBA_TYPE_DISK, block_size, flags, lun);

    ntio_pnp_settle();
    return error;
}

ULONG rig_add_disk(const char *path, ULONG block_size, ULONG flags)
{
    ULONG lun = ~0u;

    assert_int_equal(rig_try_add_disk(path, block_size, flags, &lun), 0);
    return lun;
}

uint8_t rig_disk_byte(uint64_t offset)
{
    return (uint8_t)(offset / BLOCK * 7 + offset % BLOCK * 13 + (offset % BLOCK >> 8));
}

const char *rig_disk_image(const char *name, uint64_t bytes)
{
    static char path[2][256];
    static int turn;
    char *p = path[turn ^= 1];
    FILE *file;

    snprintf(p, sizeof(path[0]), "%s/%s", directory, name);
    file = fopen(p, "wb");
    assert_non_null(file);
    for (uint64_t i = 0; i < bytes && i < 4 << 20; i++) /* the rest is a hole */
        putc_unlocked(rig_disk_byte(i), file);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(truncate(p, (off_t)bytes), 0);
    return p;
}

ULONG rig_add(const char *path)
{
    ULONG lun = ~0u;

    assert_int_equal(rig_try_add(path, &lun), 0);
    ntio_pnp_settle();
    return lun;
}

DWORD rig_remove(ULONG lun)
{
    VHBA_LUN_NUMBER in = {sizeof(in), lun};

    return rig_control(IOCTL_VHBA_REMOVE_LUN, &in, sizeof(in), NULL, 0);
}

DWORD rig_eject(ULONG lun, bool force)
{
    VHBA_EJECT in = {sizeof(in), lun, force};

    return rig_control(IOCTL_VHBA_EJECT, &in, sizeof(in), NULL, 0);
}

DWORD rig_insert(ULONG lun, const char *path, bool force)
{
    size_t length = strlen(path);
    VHBA_INSERT *in = calloc(1, VHBA_INSERT_HEADER + length + 1);
    DWORD error;

    in->Size = (ULONG)(VHBA_INSERT_HEADER + length);
    in->Lun = lun;
    in->Force = force;
    in->PathLength = (ULONG)length;
    memcpy(in->Path, path, length);
    error = rig_control(IOCTL_VHBA_INSERT, in, in->Size, NULL, 0);
    free(in);
    return error;
}

DWORD rig_hold(ULONG lun, ULONG lba, ULONG blocks)
{
    VHBA_HOLD in = {sizeof(in), lun, lba, blocks};

    return rig_control(IOCTL_VHBA_HOLD, &in, sizeof(in), NULL, 0);
}

void rig_release(ULONG lun)
{
    VHBA_LUN_NUMBER in = {sizeof(in), lun};

    assert_int_equal(rig_control(IOCTL_VHBA_RELEASE, &in, sizeof(in), NULL, 0), 0);
}

void rig_query(ULONG lun, VHBA_COUNTERS *counters)
{
    VHBA_LUN_NUMBER in = {sizeof(in), lun};

    assert_int_equal(rig_control(IOCTL_VHBA_QUERY, &in, sizeof(in), counters, sizeof(*counters)),
                     0);
}

void rig_wait_held(ULONG lun, ULONG count)
{
    static VHBA_COUNTERS counters;

    for (int i = 0; i < RIG_WAIT; i++) {
        rig_query(lun, &counters);
        if (counters.Held == count)
            return;
        Sleep(1);
    }
    fail_msg("%u requests are held, not %u", counters.Held, count);
}

/* Sends an IRP that the caller filled in, without anybody above having a say; the IRP stays the
 * caller's. */
static NTSTATUS NTAPI signal_done(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    (void)device;
    (void)irp;
    KeSetEvent(context, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static NTSTATUS send_and_wait(PDEVICE_OBJECT device, PIRP irp)
{
    KEVENT done;

    KeInitializeEvent(&done, NotificationEvent, FALSE);
    IoSetCompletionRoutine(irp, signal_done, &done, TRUE, TRUE, TRUE);
    IoCallDriver(device, irp);
    KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, NULL);
    return irp->IoStatus.Status;
}

static ULONG address_of(PDEVICE_OBJECT device)
{
    SCSI_ADDRESS address;
    ULONG_PTR n;

    if (rig_ioctl(device, IOCTL_SCSI_GET_ADDRESS, NULL, 0, &address, sizeof(address), &n) !=
        STATUS_SUCCESS)
        return ~0u;
    assert_int_equal(n, sizeof(address));
    return address.TargetId;
}

PDEVICE_OBJECT rig_device(ULONG lun)
{
    PDEVICE_RELATIONS relations;
    PDEVICE_OBJECT top, found = NULL;
    PFILE_OBJECT file;
    PIO_STACK_LOCATION stack;
    PIRP irp;

    assert_int_equal(
        ObReferenceObjectByHandle(adapter, 0, *IoFileObjectType, KernelMode, (PVOID *)&file, NULL),
        0);
    top = IoGetRelatedDeviceObject(file);
    irp = IoAllocateIrp(top->StackSize, FALSE);
    irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    stack = IoGetNextIrpStackLocation(irp);
    stack->MajorFunction = IRP_MJ_PNP;
    stack->MinorFunction = IRP_MN_QUERY_DEVICE_RELATIONS;
    stack->Parameters.QueryDeviceRelations.Type = BusRelations;
    assert_int_equal(send_and_wait(top, irp), STATUS_SUCCESS);
    relations = (PDEVICE_RELATIONS)irp->IoStatus.Information;
    IoFreeIrp(irp);
    for (ULONG i = 0; i < relations->Count; i++) {
        if (found == NULL && address_of(relations->Objects[i]) == lun)
            found = relations->Objects[i];
        else
            ObDereferenceObject(relations->Objects[i]);
    }
    ExFreePool(relations);
    ObDereferenceObject(file);
    return found;
}

static NTSTATUS NTAPI request_done(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    struct rig_request *r = context;

    (void)device;
    r->status = irp->IoStatus.Status;
    r->information = irp->IoStatus.Information;
    KeSetEvent(&r->done, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static void begin(struct rig_request *r, PDEVICE_OBJECT device, UCHAR function, const uint8_t *cdb,
                  size_t cdb_length, enum rig_direction direction, void *buffer, ULONG length,
                  bool autosense, PSCSI_REQUEST_BLOCK next)
{
    PIO_STACK_LOCATION stack;

    memset(r, 0, sizeof(*r));
    KeInitializeEvent(&r->done, NotificationEvent, FALSE);
    r->irp = IoAllocateIrp(device->StackSize, FALSE);
    assert_non_null(r->irp);
    r->srb.Length = sizeof(r->srb);
    r->srb.Function = function;
    r->srb.SrbFlags = direction == RIG_IN    ? SRB_FLAGS_DATA_IN
                      : direction == RIG_OUT ? SRB_FLAGS_DATA_OUT
                                             : SRB_FLAGS_NO_DATA_TRANSFER;
    r->srb.CdbLength = (UCHAR)cdb_length;
    memcpy(r->srb.Cdb, cdb, cdb_length < 16 ? cdb_length : 16);
    r->srb.TimeOutValue = 10;
    r->srb.DataBuffer = buffer;
    r->srb.DataTransferLength = length;
    if (autosense) {
        r->srb.SenseInfoBuffer = r->sense;
        r->srb.SenseInfoBufferLength = sizeof(r->sense);
    }
    r->srb.OriginalRequest = r->irp;
    r->srb.NextSrb = next;
    if (length != 0) {
        r->mdl = IoAllocateMdl(buffer, length, FALSE, FALSE, NULL);
        MmProbeAndLockPages(r->mdl, KernelMode, direction == RIG_IN ? IoWriteAccess : IoReadAccess);
        r->irp->MdlAddress = r->mdl;
    }
    stack = IoGetNextIrpStackLocation(r->irp);
    stack->MajorFunction = IRP_MJ_SCSI;
    stack->Parameters.Scsi.Srb = &r->srb;
    IoSetCompletionRoutine(r->irp, request_done, r, TRUE, TRUE, TRUE);
    IoCallDriver(device, r->irp);
}

void rig_begin(struct rig_request *r, PDEVICE_OBJECT device, UCHAR function, const uint8_t *cdb,
               size_t cdb_length, enum rig_direction direction, void *buffer, ULONG length)
{
    begin(r, device, function, cdb, cdb_length, direction, buffer, length, true, NULL);
}

void rig_scsi_without_sense(struct rig_request *r, PDEVICE_OBJECT device, const uint8_t *cdb,
                            size_t cdb_length, enum rig_direction direction, void *buffer,
                            ULONG length)
{
    begin(r, device, SRB_FUNCTION_EXECUTE_SCSI, cdb, cdb_length, direction, buffer, length, false,
          NULL);
    rig_end(r);
}

void rig_abort(struct rig_request *r, PDEVICE_OBJECT device, PSCSI_REQUEST_BLOCK srb)
{
    begin(r, device, SRB_FUNCTION_ABORT_COMMAND, CDB(0), RIG_NONE, NULL, 0, true, srb);
    rig_end(r);
}

bool rig_wait(struct rig_request *r, unsigned milliseconds)
{
    LARGE_INTEGER due = {.QuadPart = -(LONGLONG)milliseconds * 10000};

    return KeWaitForSingleObject(&r->done, Executive, KernelMode, FALSE, &due) == STATUS_SUCCESS;
}

void rig_end(struct rig_request *r)
{
    assert_true(rig_wait(r, RIG_WAIT));
    if (r->mdl != NULL) {
        MmUnlockPages(r->mdl);
        IoFreeMdl(r->mdl);
        r->irp->MdlAddress = NULL;
    }
    IoFreeIrp(r->irp);
}

void rig_scsi(struct rig_request *r, PDEVICE_OBJECT device, const uint8_t *cdb, size_t cdb_length,
              enum rig_direction direction, void *buffer, ULONG length)
{
    rig_begin(r, device, SRB_FUNCTION_EXECUTE_SCSI, cdb, cdb_length, direction, buffer, length);
    rig_end(r);
}

void rig_settle(PDEVICE_OBJECT device)
{
    struct rig_request r;

    for (int i = 0; i < 8; i++) {
        rig_scsi(&r, device, CDB(0, 0, 0, 0, 0, 0), RIG_NONE, NULL, 0);
        if ((rig_sense(&r) >> 16) != SCSI_SENSE_UNIT_ATTENTION)
            return;
    }
    fail_msg("the attentions do not end");
}

unsigned rig_sense(const struct rig_request *r)
{
    if (r->srb.ScsiStatus != SCSISTAT_CHECK_CONDITION)
        return 0;
    assert_int_equal(r->srb.SrbStatus, SRB_STATUS_ERROR | SRB_STATUS_AUTOSENSE_VALID);
    assert_int_equal(r->srb.SenseInfoBufferLength, 18);
    assert_int_equal(r->sense[0] & 0x7F, 0x70);
    assert_int_equal(r->sense[7], 10);
    return (unsigned)r->sense[2] << 16 | (unsigned)r->sense[12] << 8 | r->sense[13];
}

NTSTATUS rig_ioctl(PDEVICE_OBJECT device, ULONG code, void *in, ULONG in_size, void *out,
                   ULONG out_size, ULONG_PTR *information)
{
    IO_STATUS_BLOCK iosb = {.Information = 0};
    KEVENT event;
    NTSTATUS status;
    PIRP irp;

    KeInitializeEvent(&event, NotificationEvent, FALSE);
    irp = IoBuildDeviceIoControlRequest(code, device, in, in_size, out, out_size, FALSE, &event,
                                        &iosb);
    assert_non_null(irp);
    status = IoCallDriver(device, irp);
    if (status == STATUS_PENDING) {
        KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
        status = iosb.Status;
    }
    if (information != NULL)
        *information = iosb.Information;
    return status;
}
