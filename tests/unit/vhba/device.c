/* SPDX-License-Identifier: MIT */
/* device.c - a LUN as a device: IDs and texts, properties, claims, SRB functions, pass-through. */
#include "rig.h"

#include <stdio.h>

static NTSTATUS NTAPI done(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    (void)device;
    (void)irp;
    KeSetEvent(context, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static NTSTATUS pnp(PDEVICE_OBJECT device, UCHAR minor, ULONG parameter, PVOID pointer,
                    ULONG_PTR *information)
{
    PIRP irp = IoAllocateIrp(device->StackSize, FALSE);
    PIO_STACK_LOCATION stack = IoGetNextIrpStackLocation(irp);
    KEVENT event;
    NTSTATUS status;

    KeInitializeEvent(&event, NotificationEvent, FALSE);
    irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    stack->MajorFunction = IRP_MJ_PNP;
    stack->MinorFunction = minor;
    if (minor == IRP_MN_QUERY_ID)
        stack->Parameters.QueryId.IdType = parameter;
    else if (minor == IRP_MN_QUERY_DEVICE_TEXT)
        stack->Parameters.QueryDeviceText.DeviceTextType = parameter;
    else if (minor == IRP_MN_QUERY_CAPABILITIES)
        stack->Parameters.DeviceCapabilities.Capabilities = pointer;
    else if (minor == IRP_MN_QUERY_DEVICE_RELATIONS)
        stack->Parameters.QueryDeviceRelations.Type = parameter;
    IoSetCompletionRoutine(irp, done, &event, TRUE, TRUE, TRUE);
    IoCallDriver(device, irp);
    KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
    status = irp->IoStatus.Status;
    if (information != NULL)
        *information = irp->IoStatus.Information;
    IoFreeIrp(irp);
    return status;
}

/* Strings separated by '|', as the device has them; Multi: a list. */
static void check_text(PDEVICE_OBJECT device, UCHAR minor, ULONG which, bool multi,
                       const char *expected)
{
    char got[1024] = "";
    ULONG_PTR information;
    WCHAR *text;
    size_t n = 0;

    assert_int_equal(pnp(device, minor, which, NULL, &information), STATUS_SUCCESS);
    text = (WCHAR *)information;
    for (size_t i = 0; text[i] != 0 || (multi && text[i + 1] != 0); i++)
        got[n++] = text[i] == 0 ? '|' : (char)text[i];
    ExFreePool(text);
    assert_string_equal(got, expected);
}

/* ---- power ---- */

static NTSTATUS power(PDEVICE_OBJECT device, UCHAR minor, PVOID sequence)
{
    PIRP irp = IoAllocateIrp(device->StackSize, FALSE);
    PIO_STACK_LOCATION stack = IoGetNextIrpStackLocation(irp);
    KEVENT event;
    NTSTATUS status;

    KeInitializeEvent(&event, NotificationEvent, FALSE);
    irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    stack->MajorFunction = IRP_MJ_POWER;
    stack->MinorFunction = minor;
    if (minor == IRP_MN_POWER_SEQUENCE)
        stack->Parameters.PowerSequence.PowerSequence = sequence;
    IoSetCompletionRoutine(irp, done, &event, TRUE, TRUE, TRUE);
    IoCallDriver(device, irp);
    KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
    status = irp->IoStatus.Status;
    IoFreeIrp(irp);
    return status;
}

static int powered;
static VOID NTAPI count_power(PDEVICE_OBJECT device, UCHAR minor, POWER_STATE state, PVOID context,
                              PIO_STATUS_BLOCK io)
{
    (void)device;
    (void)minor;
    (void)state;
    (void)context;
    powered += NT_SUCCESS(io->Status);
}

static void set_power(PDEVICE_OBJECT device, DEVICE_POWER_STATE to)
{
    POWER_STATE state = {.DeviceState = to};
    int before = powered;

    assert_int_equal(PoRequestPowerIrp(device, IRP_MN_SET_POWER, state, count_power, NULL, NULL),
                     STATUS_PENDING);
    assert_int_equal(powered, before + 1);
}

/* Commands wait while the drive has no power; what was in which state how often is counted. */
static void commands_wait_for_power(void **state)
{
    PDEVICE_OBJECT device = rig_device(rig_add(rig_image("power", 20)));
    POWER_SEQUENCE sequence = {9, 9, 9};
    uint8_t buffer[36] = {0};
    struct rig_request request;

    (void)state;
    assert_int_equal(power(device, IRP_MN_POWER_SEQUENCE, &sequence), STATUS_SUCCESS);
    assert_int_equal(sequence.SequenceD1 + sequence.SequenceD2 + sequence.SequenceD3, 0);
    set_power(device, PowerDeviceD3);
    rig_begin(&request, device, SRB_FUNCTION_EXECUTE_SCSI, CDB(0x12, 0, 0, 0, 36, 0), RIG_IN,
              buffer, sizeof(buffer));
    assert_false(rig_wait(&request, 0));
    set_power(device, PowerDeviceD1); /* still none */
    assert_false(rig_wait(&request, 0));
    set_power(device, PowerDeviceD0);
    rig_end(&request);
    assert_int_equal(request.srb.SrbStatus & 0x3f, SRB_STATUS_SUCCESS);
    assert_int_equal(buffer[0], 0x05); /* a CD drive */
    assert_int_equal(power(device, IRP_MN_POWER_SEQUENCE, &sequence), STATUS_SUCCESS);
    assert_int_equal(sequence.SequenceD1, 1);
    assert_int_equal(sequence.SequenceD2, 0);
    assert_int_equal(sequence.SequenceD3, 1);
    /* It wakes nobody. */
    assert_int_equal(power(device, IRP_MN_WAIT_WAKE, NULL), STATUS_NOT_SUPPORTED);
    ObDereferenceObject(device);
}

static void ids_and_texts(void **state)
{
    PDEVICE_OBJECT device;
    ULONG_PTR information;

    (void)state;
    rig_add(NULL);
    device = rig_device(rig_add(NULL));
    check_text(device, IRP_MN_QUERY_ID, BusQueryDeviceID, false,
               "SCSI\\CdRom&Ven_NTIO&Prod_Test__Drive");
    check_text(device, IRP_MN_QUERY_ID, BusQueryHardwareIDs, true,
               "SCSI\\CdRomNTIO____Test__Drive_____2.5_|SCSI\\CdRomNTIO____Test__Drive_____|"
               "SCSI\\CdRomNTIO____|"
               "SCSI\\NTIO____Test__Drive_____2|NTIO____Test__Drive_____2|GenCdRom");
    check_text(device, IRP_MN_QUERY_ID, BusQueryCompatibleIDs, true, "SCSI\\CdRom|SCSI\\RAW");
    check_text(device, IRP_MN_QUERY_ID, BusQueryInstanceID, false, "000100");
    check_text(device, IRP_MN_QUERY_DEVICE_TEXT, DeviceTextDescription, false,
               "NTIO Test, Drive SCSI CdRom Device");
    check_text(device, IRP_MN_QUERY_DEVICE_TEXT, DeviceTextLocationInformation, false,
               "Bus Number 0, Target Id 1, LUN 0");
    assert_int_equal(pnp(device, IRP_MN_QUERY_ID, BusQueryContainerID, NULL, &information),
                     STATUS_NOT_SUPPORTED);
    assert_int_equal(pnp(device, IRP_MN_QUERY_INTERFACE, 0, NULL, NULL), STATUS_NOT_SUPPORTED);
    ObDereferenceObject(device);
}

static void capabilities_and_relations(void **state)
{
    PDEVICE_OBJECT device = rig_device(rig_add(NULL));
    DEVICE_CAPABILITIES capabilities = {.Size = sizeof(capabilities), .Version = 1};
    PDEVICE_RELATIONS relations;
    ULONG_PTR information;

    (void)state;
    assert_int_equal(pnp(device, IRP_MN_QUERY_CAPABILITIES, 0, &capabilities, NULL),
                     STATUS_SUCCESS);
    assert_int_equal(capabilities.RawDeviceOK, 1);
    assert_int_equal(capabilities.UniqueID, 0);
    assert_int_equal(capabilities.Removable, 1);
    assert_int_equal(capabilities.Address, 0);
    assert_int_equal(capabilities.DeviceState[PowerSystemWorking], PowerDeviceD0);
    assert_int_equal(capabilities.DeviceState[PowerSystemSleeping3], PowerDeviceD3);
    capabilities.Version = 2;
    assert_int_equal(pnp(device, IRP_MN_QUERY_CAPABILITIES, 0, &capabilities, NULL),
                     STATUS_UNSUCCESSFUL);
    assert_int_equal(
        pnp(device, IRP_MN_QUERY_DEVICE_RELATIONS, TargetDeviceRelation, NULL, &information), 0);
    relations = (PDEVICE_RELATIONS)information;
    assert_int_equal(relations->Count, 1);
    assert_ptr_equal(relations->Objects[0], device);
    ObDereferenceObject(relations->Objects[0]);
    ExFreePool(relations);
    assert_int_equal(pnp(device, IRP_MN_QUERY_DEVICE_RELATIONS, BusRelations, NULL, NULL),
                     STATUS_NOT_SUPPORTED);
    ObDereferenceObject(device);
}

static void properties(void **state)
{
    ULONG lun = rig_add(NULL);
    PDEVICE_OBJECT device = rig_device(lun);
    STORAGE_PROPERTY_QUERY query = {.PropertyId = StorageDeviceProperty,
                                    .QueryType = PropertyStandardQuery};
    union {
        STORAGE_DEVICE_DESCRIPTOR device;
        STORAGE_ADAPTER_DESCRIPTOR adapter;
        STORAGE_DEVICE_ID_DESCRIPTOR id;
        STORAGE_DESCRIPTOR_HEADER header;
        char bytes[512];
    } out;
    PSTORAGE_IDENTIFIER identifier = (PSTORAGE_IDENTIFIER)out.id.Identifiers;
    IO_SCSI_CAPABILITIES capabilities;
    ULONG_PTR n;

    (void)state;
#define QUERY(size)                                                                                \
    rig_ioctl(device, IOCTL_STORAGE_QUERY_PROPERTY, &query, sizeof(query), &out, size, &n)
    assert_int_equal(QUERY(sizeof(out.header)), STATUS_SUCCESS);
    assert_int_equal(n, sizeof(out.header));
    assert_int_equal(QUERY(sizeof(out)), STATUS_SUCCESS);
    assert_int_equal(n, out.device.Size);
    assert_int_equal(out.device.DeviceType, 5);
    assert_int_equal(out.device.RemovableMedia, TRUE);
    assert_int_equal(out.device.BusType, BusTypeScsi);
    assert_string_equal(out.bytes + out.device.VendorIdOffset, "NTIO");
    assert_string_equal(out.bytes + out.device.ProductIdOffset, "Test, Drive");
    assert_string_equal(out.bytes + out.device.ProductRevisionOffset, "2.5");
    assert_string_equal(out.bytes + out.device.SerialNumberOffset, "SN12345");
    assert_int_equal(QUERY(4), STATUS_INFO_LENGTH_MISMATCH);
    query.PropertyId = StorageAdapterProperty;
    assert_int_equal(QUERY(sizeof(out)), STATUS_SUCCESS);
    assert_int_equal(n, sizeof(out.adapter));
    assert_int_equal(out.adapter.MaximumTransferLength, VHBA_DEFAULT_TRANSFER);
    assert_int_equal(out.adapter.BusType, BusTypeScsi);
    query.PropertyId = StorageDeviceIdProperty;
    assert_int_equal(QUERY(sizeof(out)), STATUS_SUCCESS);
    assert_int_equal(out.id.NumberOfIdentifiers, 1);
    assert_int_equal(identifier->IdentifierSize, 31);
    assert_memory_equal(identifier->Identifier, "NTIO    Test, Drive     SN12345", 31);
    query.PropertyId = StorageDeviceUniqueIdProperty;
    assert_int_equal(QUERY(sizeof(out)), STATUS_NOT_SUPPORTED);
    query.QueryType = PropertyExistsQuery;
    assert_int_equal(QUERY(sizeof(out)), STATUS_NOT_SUPPORTED);
    query.PropertyId = StorageAdapterProperty;
    assert_int_equal(QUERY(sizeof(out)), STATUS_SUCCESS);
    assert_int_equal(n, 0);

    assert_int_equal(rig_ioctl(device, IOCTL_SCSI_GET_CAPABILITIES, NULL, 0, &capabilities,
                               sizeof(capabilities), &n),
                     0);
    assert_int_equal(capabilities.MaximumTransferLength, VHBA_DEFAULT_TRANSFER);
    assert_int_equal(rig_ioctl(device, IOCTL_SCSI_GET_ADDRESS, NULL, 0, &capabilities, 4, &n),
                     STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(rig_ioctl(device, IOCTL_STORAGE_POWER_ACTIVE, NULL, 0, NULL, 0, &n),
                     STATUS_SUCCESS);
    assert_int_equal(rig_ioctl(device, IOCTL_STORAGE_ENABLE_IDLE_POWER, NULL, 0, NULL, 0, &n),
                     STATUS_NOT_SUPPORTED);
    assert_int_equal(rig_ioctl(device, IOCTL_STORAGE_CHECK_VERIFY, NULL, 0, NULL, 0, &n),
                     STATUS_INVALID_DEVICE_REQUEST);
    ObDereferenceObject(device);
}

static UCHAR function(PDEVICE_OBJECT device, UCHAR code, PVOID *data)
{
    struct rig_request r;

    rig_begin(&r, device, code, CDB(0), RIG_NONE, NULL, 0);
    rig_end(&r);
    if (data != NULL)
        *data = r.srb.DataBuffer;
    return r.srb.SrbStatus;
}

static void srb_functions(void **state)
{
    PDEVICE_OBJECT device = rig_device(rig_add(NULL));
    struct rig_request r;
    PVOID claimed;

    (void)state;
    assert_int_equal(function(device, SRB_FUNCTION_CLAIM_DEVICE, &claimed), SRB_STATUS_SUCCESS);
    assert_ptr_equal(claimed, device);
    assert_int_equal(function(device, SRB_FUNCTION_CLAIM_DEVICE, NULL), SRB_STATUS_BUSY);
    assert_int_equal(function(device, SRB_FUNCTION_RELEASE_DEVICE, NULL), SRB_STATUS_SUCCESS);
    assert_int_equal(function(device, SRB_FUNCTION_CLAIM_DEVICE, NULL), SRB_STATUS_SUCCESS);
    assert_int_equal(function(device, SRB_FUNCTION_RELEASE_DEVICE, NULL), SRB_STATUS_SUCCESS);
    assert_int_equal(function(device, SRB_FUNCTION_FLUSH, NULL), SRB_STATUS_SUCCESS);
    assert_int_equal(function(device, SRB_FUNCTION_SHUTDOWN, NULL), SRB_STATUS_SUCCESS);
    assert_int_equal(function(device, SRB_FUNCTION_ABORT_COMMAND, NULL), SRB_STATUS_ABORT_FAILED);
    assert_int_equal(function(device, SRB_FUNCTION_IO_CONTROL, NULL), SRB_STATUS_INVALID_REQUEST);
    assert_int_equal(function(device, SRB_FUNCTION_STORAGE_REQUEST_BLOCK, NULL),
                     SRB_STATUS_INVALID_REQUEST);
    rig_scsi(&r, device, CDB(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), RIG_NONE, NULL,
             0); /* 17 bytes */
    assert_int_equal(r.srb.SrbStatus, SRB_STATUS_INVALID_REQUEST);
    assert_int_equal(r.status, STATUS_INVALID_DEVICE_REQUEST);
    ObDereferenceObject(device);
}

struct pass {
    SCSI_PASS_THROUGH header;
    ULONG filler;
    uint8_t sense[32];
    uint8_t data[64];
};

static struct pass pass_inquiry(void)
{
    struct pass p = {.header = {.Length = sizeof(SCSI_PASS_THROUGH),
                                .CdbLength = 6,
                                .SenseInfoLength = sizeof(p.sense),
                                .DataIn = SCSI_IOCTL_DATA_IN,
                                .DataTransferLength = sizeof(p.data),
                                .TimeOutValue = 5,
                                .DataBufferOffset = offsetof(struct pass, data),
                                .SenseInfoOffset = offsetof(struct pass, sense),
                                .Cdb = {0x12, 0, 0, 0, 36, 0}}};
    return p;
}

static void pass_through(void **state)
{
    PDEVICE_OBJECT device = rig_device(rig_add(NULL));
    struct pass p = pass_inquiry();
    ULONG_PTR n;

    (void)state;
    rig_settle(device);
#define PASS() rig_ioctl(device, IOCTL_SCSI_PASS_THROUGH, &p, sizeof(p), &p, sizeof(p), &n)
    assert_int_equal(PASS(), STATUS_SUCCESS);
    assert_int_equal(n, offsetof(struct pass, data) + 36);
    assert_int_equal(p.header.ScsiStatus, SCSISTAT_GOOD);
    assert_int_equal(p.header.DataTransferLength, 36);
    assert_int_equal(p.header.SenseInfoLength, 0);
    assert_memory_equal(p.data + 8, "NTIO    Test", 12);
    /* Without a buffer the data has nowhere to go, and nothing is touched. */
    p = pass_inquiry();
    p.header.DataTransferLength = 0;
    assert_int_equal(PASS(), STATUS_SUCCESS);
    assert_int_equal(p.header.ScsiStatus, SCSISTAT_GOOD);
    assert_int_equal(p.header.DataTransferLength, 0);
    assert_int_equal(n, sizeof(p.header));
    /* A CHECK CONDITION is a success of the control. */
    p = pass_inquiry();
    p.header.Cdb[0] = 0x25;
    p.header.CdbLength = 10;
    assert_int_equal(PASS(), STATUS_SUCCESS);
    assert_int_equal(p.header.ScsiStatus, SCSISTAT_CHECK_CONDITION);
    assert_int_equal(p.header.SenseInfoLength, 18);
    assert_int_equal(p.header.DataTransferLength, 0);
    assert_int_equal(p.sense[2], SCSI_SENSE_NOT_READY);
    assert_int_equal(n, offsetof(struct pass, sense) + 18);

#define REFUSED(field, value, status)                                                              \
    p = pass_inquiry();                                                                            \
    p.header.field = value;                                                                        \
    assert_int_equal(PASS(), status)
    REFUSED(Length, 40, STATUS_REVISION_MISMATCH);
    REFUSED(CdbLength, 0, STATUS_INVALID_PARAMETER);
    REFUSED(CdbLength, 17, STATUS_INVALID_PARAMETER);
    REFUSED(DataIn, 3, STATUS_INVALID_PARAMETER);
    REFUSED(SenseInfoOffset, 8, STATUS_INVALID_PARAMETER);
    REFUSED(SenseInfoOffset, sizeof(p) - 4, STATUS_INVALID_PARAMETER);
    REFUSED(SenseInfoOffset, 0xFFFFFFF0, STATUS_INVALID_PARAMETER);
    REFUSED(SenseInfoOffset, offsetof(struct pass, data),
            STATUS_INVALID_PARAMETER); /* on the data */
    REFUSED(DataBufferOffset, 8, STATUS_INVALID_PARAMETER);
    REFUSED(DataBufferOffset, sizeof(p) - 8, STATUS_INVALID_PARAMETER);
    REFUSED(DataBufferOffset, (ULONG_PTR)-64, STATUS_INVALID_PARAMETER);
    REFUSED(DataTransferLength, sizeof(p) - offsetof(struct pass, data) + 1,
            STATUS_INVALID_PARAMETER);
    REFUSED(DataTransferLength, 0xFFFFFFFF, STATUS_INVALID_PARAMETER);
    REFUSED(DataTransferLength, VHBA_DEFAULT_TRANSFER + 1, STATUS_INVALID_PARAMETER);
    assert_int_equal(rig_ioctl(device, IOCTL_SCSI_PASS_THROUGH, &p, 20, &p, sizeof(p), &n),
                     STATUS_INVALID_PARAMETER);
    ObDereferenceObject(device);
}

static void pass_through_direct(void **state)
{
    PDEVICE_OBJECT device = rig_device(rig_add(rig_image("cd", 50)));
    static uint8_t data[4096];
    struct {
        SCSI_PASS_THROUGH_DIRECT header;
        uint8_t sense[20];
    } p = {.header = {.Length = sizeof(SCSI_PASS_THROUGH_DIRECT),
                      .CdbLength = 10,
                      .SenseInfoLength = 20,
                      .DataIn = SCSI_IOCTL_DATA_IN,
                      .DataTransferLength = sizeof(data),
                      .TimeOutValue = 5,
                      .DataBuffer = data,
                      .SenseInfoOffset = sizeof(SCSI_PASS_THROUGH_DIRECT),
                      .Cdb = {0x28, 0, 0, 0, 0, 9, 0, 0, 2, 0}}};
    ULONG_PTR n;

    (void)state;
    rig_settle(device);
    assert_int_equal(
        rig_ioctl(device, IOCTL_SCSI_PASS_THROUGH_DIRECT, &p, sizeof(p), &p, sizeof(p), &n), 0);
    assert_int_equal(p.header.ScsiStatus, SCSISTAT_GOOD);
    assert_int_equal(p.header.DataTransferLength, sizeof(data));
    for (unsigned i = 0; i < sizeof(data); i++)
        assert_int_equal(data[i], rig_byte(9 + i / 2048, i % 2048));
    p.header.DataBuffer = NULL;
    assert_int_equal(
        rig_ioctl(device, IOCTL_SCSI_PASS_THROUGH_DIRECT, &p, sizeof(p), &p, sizeof(p), &n),
        STATUS_INVALID_PARAMETER);
    ObDereferenceObject(device);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(ids_and_texts, rig_clean),
        cmocka_unit_test_teardown(commands_wait_for_power, rig_clean),
        cmocka_unit_test_teardown(capabilities_and_relations, rig_clean),
        cmocka_unit_test_teardown(properties, rig_clean),
        cmocka_unit_test_teardown(srb_functions, rig_clean),
        cmocka_unit_test_teardown(pass_through, rig_clean),
        cmocka_unit_test_teardown(pass_through_direct, rig_clean),
    };
    return cmocka_run_group_tests_name("vhba device", tests, rig_setup, rig_teardown);
}
