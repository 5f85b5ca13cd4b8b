/* SPDX-License-Identifier: MIT */
/*
 * A driver with data blocks behind WMILIB.SYS, as the published samples have them, and a reader:
 * what is registered, queried, set, executed and fired; what a driver that lies is told.
 */
#include "tests/unit/pnp/rig.h"
#include "tests/support/host.h"
#include "ntio/wmi/wmip.h"
#include "wmilib.h"

#include <pthread.h>
#include <stdlib.h>

static const GUID data_guid = {0xbba21300, 0x6dd3, 0x11d2, {1, 2, 3, 4, 5, 6, 7, 8}};
static const GUID event_guid = {0xbba21301, 0x6dd3, 0x11d2, {1, 2, 3, 4, 5, 6, 7, 8}};
static const GUID costly_guid = {0xbba21302, 0x6dd3, 0x11d2, {1, 2, 3, 4, 5, 6, 7, 8}};
static const GUID big_guid = {0xbba21303, 0x6dd3, 0x11d2, {1, 2, 3, 4, 5, 6, 7, 8}};
static const GUID nobodys_guid = {0xbba21304, 0x6dd3, 0x11d2, {1, 2, 3, 4, 5, 6, 7, 8}};

enum { DATA, EVENT, COSTLY, BIG, GUIDS };
static WMIGUIDREGINFO guids[GUIDS] = {{&data_guid, 2, 0},
                                      {&event_guid, 1, WMIREG_FLAG_EVENT_ONLY_GUID},
                                      {&costly_guid, 1, WMIREG_FLAG_EXPENSIVE},
                                      {&big_guid, 1, 0}};
#define BIG_BYTES 100000

static ULONG values[2]; /* of the two instances */
static ULONG name_flags;
static const WCHAR *base_name;
static bool events_on, collection_on;
static int controls;
static bool too_new; /* knows REGINFO only */
static _Atomic int reginfos;

/* ---- the driver ---- */

static NTSTATUS NTAPI reginfo(PDEVICE_OBJECT device, PULONG flags, PUNICODE_STRING instance,
                              PUNICODE_STRING *registry, PUNICODE_STRING mof, PDEVICE_OBJECT *pdo)
{
    static UNICODE_STRING path = RTL_CONSTANT_STRING(L"\\Registry\\Machine\\Test");

    reginfos++;
    *flags = name_flags;
    *registry = &path;
    *pdo = device->DeviceObjectExtension->AttachedTo;
    RtlInitUnicodeString(mof, L"MofResource");
    if (name_flags == WMIREG_FLAG_INSTANCE_BASENAME) {
        USHORT bytes = (USHORT)(NtCrt_wcslen(base_name) * sizeof(WCHAR));

        instance->Buffer = ExAllocatePoolWithTag(PagedPool, bytes, 'tseT');
        memcpy(instance->Buffer, base_name, bytes);
        instance->Length = instance->MaximumLength = bytes;
    }
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI query(PDEVICE_OBJECT device, PIRP irp, ULONG guid, ULONG first, ULONG count,
                            PULONG lengths, ULONG available, PUCHAR buffer)
{
    ULONG needed = guid == BIG ? BIG_BYTES : (count - 1) * 8 + (ULONG)sizeof(ULONG);

    if (lengths == NULL || available < needed)
        return WmiCompleteRequest(device, irp, STATUS_BUFFER_TOO_SMALL, needed, IO_NO_INCREMENT);
    for (ULONG i = 0; i < count; i++) {
        lengths[i] = guid == BIG ? BIG_BYTES : sizeof(ULONG);
        if (guid == BIG)
            memset(buffer, 0x5a, BIG_BYTES);
        else
            memcpy(buffer + i * 8, &values[first + i], sizeof(ULONG));
    }
    return WmiCompleteRequest(device, irp, STATUS_SUCCESS, needed, IO_NO_INCREMENT);
}

static NTSTATUS NTAPI set_block(PDEVICE_OBJECT device, PIRP irp, ULONG guid, ULONG instance,
                                ULONG size, PUCHAR buffer)
{
    NTSTATUS status = STATUS_SUCCESS;

    if (guid != DATA)
        status = STATUS_WMI_READ_ONLY;
    else if (size != sizeof(ULONG))
        status = STATUS_WMI_SET_FAILURE;
    else
        memcpy(&values[instance], buffer, size);
    return WmiCompleteRequest(device, irp, status, size, IO_NO_INCREMENT);
}

static NTSTATUS NTAPI set_item(PDEVICE_OBJECT device, PIRP irp, ULONG guid, ULONG instance,
                               ULONG item, ULONG size, PUCHAR buffer)
{
    NTSTATUS status = STATUS_SUCCESS;

    if (guid != DATA || item != 1)
        status = STATUS_WMI_ITEMID_NOT_FOUND;
    else if (size != sizeof(ULONG))
        status = STATUS_WMI_SET_FAILURE;
    else
        memcpy(&values[instance], buffer, size);
    return WmiCompleteRequest(device, irp, status, size, IO_NO_INCREMENT);
}

/* Method 1 doubles what it is given, into two numbers. */
static NTSTATUS NTAPI execute(PDEVICE_OBJECT device, PIRP irp, ULONG guid, ULONG instance,
                              ULONG method, ULONG in, ULONG out, PUCHAR buffer)
{
    ULONG number;

    (void)guid;
    if (method != 1)
        return WmiCompleteRequest(device, irp, STATUS_WMI_ITEMID_NOT_FOUND, 0, IO_NO_INCREMENT);
    if (in != sizeof(number))
        return WmiCompleteRequest(device, irp, STATUS_INVALID_PARAMETER, 0, IO_NO_INCREMENT);
    if (out < 2 * sizeof(number))
        return WmiCompleteRequest(device, irp, STATUS_BUFFER_TOO_SMALL, 2 * sizeof(number),
                                  IO_NO_INCREMENT);
    memcpy(&number, buffer, sizeof(number));
    number *= 2;
    memcpy(buffer, &number, sizeof(number));
    memcpy(buffer + sizeof(number), &values[instance], sizeof(number));
    return WmiCompleteRequest(device, irp, STATUS_SUCCESS, 2 * sizeof(number), IO_NO_INCREMENT);
}

static NTSTATUS NTAPI control(PDEVICE_OBJECT device, PIRP irp, ULONG guid,
                              WMIENABLEDISABLECONTROL function, BOOLEAN enable)
{
    controls++;
    if (function == WmiEventControl)
        events_on = guid == EVENT ? enable : events_on;
    else
        collection_on = guid == COSTLY ? enable : collection_on;
    return WmiCompleteRequest(device, irp, STATUS_SUCCESS, 0, IO_NO_INCREMENT);
}

static WMILIB_CONTEXT context;

static NTSTATUS NTAPI dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    SYSCTL_IRP_DISPOSITION disposition;
    NTSTATUS status;

    if (too_new && stack->MinorFunction == IRP_MN_REGINFO_EX) {
        status = irp->IoStatus.Status;
        IoCompleteRequest(irp, IO_NO_INCREMENT);
        return status;
    }
    status = WmiSystemControl(&context, device, irp, &disposition);
    switch (disposition) {
    case IrpProcessed:
        break;
    case IrpNotCompleted:
        IoCompleteRequest(irp, IO_NO_INCREMENT);
        break;
    default:
        IoSkipCurrentIrpStackLocation(irp);
        status = IoCallDriver(device->DeviceObjectExtension->AttachedTo, irp);
        break;
    }
    return status;
}

/* ---- the rig ---- */

static rig_child child, second;
static PDEVICE_OBJECT fdo, fdo2;

static int boot(void **state)
{
    static WCHAR bus_path[128];
    rig_child c = {.name = "c",
                   .device_id = L"TBUS\\Thing",
                   .instance_id = L"1",
                   .hardware_ids = L"TBUS\\Thing\0",
                   .unique = true};

    if (rig_boot(state) != 0)
        return -1;
    child = second = c;
    second.name = "d";
    second.instance_id = L"2";
    rig_make_bus(bus_path);
    assert_status(PnpAddMatch(L"TBUS\\Thing", L"rigfunc", NULL), STATUS_SUCCESS);
    rig_plug(&child);
    rig_plug(&second);
    rig_func.driver->MajorFunction[IRP_MJ_SYSTEM_CONTROL] = dispatch;
    fdo = IoGetAttachedDevice(child.pdo);
    fdo2 = IoGetAttachedDevice(second.pdo);
    values[0] = 11;
    values[1] = 22;
    name_flags = WMIREG_FLAG_INSTANCE_PDO;
    events_on = collection_on = too_new = false;
    controls = 0;
    reginfos = 0;
    context = (WMILIB_CONTEXT){GUIDS, guids, reginfo, query, set_block, set_item, execute, control};
    assert_status(IoWMIRegistrationControl(fdo, WMIREG_ACTION_REGISTER), STATUS_SUCCESS);
    return 0;
}

static int shut(void **state)
{
    assert_status(IoWMIRegistrationControl(fdo, WMIREG_ACTION_DEREGISTER), STATUS_SUCCESS);
    return rig_shutdown(state);
}

static PVOID open_block(const GUID *guid, ULONG access)
{
    PVOID object;

    assert_status(IoWMIOpenBlock(guid, access, &object), STATUS_SUCCESS);
    return object;
}

static UNICODE_STRING string(const WCHAR *text)
{
    UNICODE_STRING s;

    RtlInitUnicodeString(&s, text);
    return s;
}

static bool name_at(PVOID node, ULONG offset, const WCHAR *expected)
{
    USHORT length;
    UNICODE_STRING there, want = string(expected);

    memcpy(&length, (char *)node + offset, sizeof(length));
    there.Length = there.MaximumLength = length;
    there.Buffer = (PWCH)((char *)node + offset + sizeof(length));
    return RtlEqualUnicodeString(&there, &want, FALSE);
}

/* ---- tests ---- */

static void all_instances_with_their_names(void **state)
{
    PVOID object = open_block(&data_guid, WMIGUID_QUERY);
    ULONG size = 0, offsets[2], value;
    UCHAR buffer[1024] __attribute__((aligned(8)));
    PWNODE_ALL_DATA node = (PWNODE_ALL_DATA)buffer;

    (void)state;
    assert_status(IoWMIQueryAllData(object, &size, NULL), STATUS_BUFFER_TOO_SMALL);
    assert_in_range(size, sizeof(WNODE_ALL_DATA), sizeof(buffer));
    ULONG exact = size - 1;
    assert_status(IoWMIQueryAllData(object, &exact, buffer), STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(exact, size);
    assert_status(IoWMIQueryAllData(object, &exact, buffer), STATUS_SUCCESS);
    assert_int_equal(node->WnodeHeader.Linkage, 0);
    assert_int_equal(node->WnodeHeader.ProviderId, IoWMIDeviceObjectToProviderId(fdo));
    assert_int_equal(node->InstanceCount, 2);
    assert_true(node->WnodeHeader.Flags & WNODE_FLAG_PDO_INSTANCE_NAMES);
    OFFSETINSTANCEDATAANDLENGTH *each = node->OffsetInstanceDataAndLength;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(each[i].LengthInstanceData, sizeof(ULONG));
        assert_int_equal(each[i].OffsetInstanceData % 8, 0);
        memcpy(&value, buffer + each[i].OffsetInstanceData, sizeof(value));
        assert_int_equal(value, values[i]);
    }
    memcpy(offsets, buffer + node->OffsetInstanceNameOffsets, sizeof(offsets));
    assert_true(name_at(node, offsets[0], L"TBUS\\Thing\\1_0"));
    assert_true(name_at(node, offsets[1], L"TBUS\\Thing\\1_1"));

    /* Another provider of the same block: chained. */
    assert_status(IoWMIRegistrationControl(fdo2, WMIREG_ACTION_REGISTER), STATUS_SUCCESS);
    assert_status(IoWMIRegistrationControl(fdo2, WMIREG_ACTION_REGISTER),
                  STATUS_OBJECT_NAME_COLLISION);
    WmipSettle();
    size = sizeof(buffer);
    assert_status(IoWMIQueryAllData(object, &size, buffer), STATUS_SUCCESS);
    assert_int_not_equal(node->WnodeHeader.Linkage, 0);
    PWNODE_ALL_DATA next = (PWNODE_ALL_DATA)(buffer + node->WnodeHeader.Linkage);
    assert_int_equal(next->WnodeHeader.ProviderId, IoWMIDeviceObjectToProviderId(fdo2));
    assert_int_equal(next->WnodeHeader.Linkage, 0);
    assert_status(IoWMIRegistrationControl(fdo2, WMIREG_ACTION_DEREGISTER), STATUS_SUCCESS);
    assert_status(IoWMIRegistrationControl(fdo2, WMIREG_ACTION_DEREGISTER),
                  STATUS_INVALID_PARAMETER);
    assert_int_equal(IoWMIDeviceObjectToProviderId(fdo2), 0);
    ObDereferenceObject(object);
}

static void one_instance(void **state)
{
    PVOID object = open_block(&data_guid, WMIGUID_QUERY | WMIGUID_SET);
    UNICODE_STRING name = string(L"tbus\\thing\\1_1"), wrong = string(L"TBUS\\Thing\\1_2"), found;
    UCHAR buffer[512] __attribute__((aligned(8)));
    PWNODE_SINGLE_INSTANCE node = (PWNODE_SINGLE_INSTANCE)buffer;
    ULONG size = sizeof(buffer), value;

    (void)state;
    assert_status(IoWMIQuerySingleInstance(object, &name, &size, buffer), STATUS_SUCCESS);
    assert_int_equal(node->SizeDataBlock, sizeof(ULONG));
    memcpy(&value, buffer + node->DataBlockOffset, sizeof(value));
    assert_int_equal(value, 22);
    size = 10;
    assert_status(IoWMIQuerySingleInstance(object, &name, &size, buffer), STATUS_BUFFER_TOO_SMALL);
    assert_in_range(size, sizeof(*node), sizeof(buffer));
    assert_status(IoWMIQuerySingleInstance(object, &wrong, &size, buffer),
                  STATUS_WMI_INSTANCE_NOT_FOUND);
    value = 33;
    assert_status(IoWMISetSingleInstance(object, &name, 1, sizeof(value), &value), STATUS_SUCCESS);
    assert_int_equal(values[1], 33);
    assert_status(IoWMISetSingleInstance(object, &name, 1, 1, &value), STATUS_WMI_SET_FAILURE);
    value = 44;
    assert_status(IoWMISetSingleItem(object, &name, 1, 1, sizeof(value), &value), STATUS_SUCCESS);
    assert_int_equal(values[1], 44);
    assert_status(IoWMISetSingleItem(object, &name, 2, 1, sizeof(value), &value),
                  STATUS_WMI_ITEMID_NOT_FOUND);
    context.SetWmiDataItem = NULL;
    assert_status(IoWMISetSingleItem(object, &name, 1, 1, sizeof(value), &value),
                  STATUS_WMI_READ_ONLY);
    assert_status(IoWMIDeviceObjectToInstanceName(object, fdo, &found), STATUS_SUCCESS);
    assert_wide(found.Buffer, L"TBUS\\Thing\\1_0");
    ExFreePool(found.Buffer);
    assert_status(IoWMIDeviceObjectToInstanceName(object, fdo2, &found),
                  STATUS_WMI_INSTANCE_NOT_FOUND);
    assert_status(IoWMISuggestInstanceName(child.pdo, NULL, FALSE, &found), STATUS_SUCCESS);
    assert_wide(found.Buffer, L"TBUS\\Thing\\1");
    ExFreePool(found.Buffer);
    ObDereferenceObject(object);
}

static void rights_and_absence(void **state)
{
    UNICODE_STRING name = string(L"TBUS\\Thing\\1_0");
    ULONG size = 0, value = 1;
    PVOID object;

    (void)state;
    assert_status(IoWMIOpenBlock(&nobodys_guid, WMIGUID_QUERY, &object), STATUS_WMI_GUID_NOT_FOUND);
    object = open_block(&data_guid, WMIGUID_SET);
    assert_status(IoWMIQueryAllData(object, &size, NULL), STATUS_ACCESS_DENIED);
    assert_status(IoWMIQuerySingleInstance(object, &name, &size, NULL), STATUS_ACCESS_DENIED);
    ObDereferenceObject(object);
    object = open_block(&data_guid, WMIGUID_QUERY);
    assert_status(IoWMISetSingleInstance(object, &name, 1, 4, &value), STATUS_ACCESS_DENIED);
    assert_status(IoWMIExecuteMethod(object, &name, 1, 0, &size, NULL), STATUS_ACCESS_DENIED);
    assert_status(
        IoWMISetNotificationCallback(object, (WMI_NOTIFICATION_CALLBACK)(ULONG_PTR)1, NULL),
        STATUS_ACCESS_DENIED);
    /* The provider goes while the block is open. */
    assert_status(IoWMIRegistrationControl(fdo, WMIREG_ACTION_DEREGISTER), STATUS_SUCCESS);
    assert_status(IoWMIQueryAllData(object, &size, NULL), STATUS_WMI_GUID_NOT_FOUND);
    assert_status(IoWMIRegistrationControl(fdo, 17), STATUS_INVALID_PARAMETER);
    assert_status(IoWMIRegistrationControl(fdo, WMIREG_ACTION_UPDATE_GUIDS),
                  STATUS_INVALID_PARAMETER);
    assert_status(IoWMIRegistrationControl(fdo, WMIREG_ACTION_REGISTER), STATUS_SUCCESS);
    WmipSettle();
    assert_status(IoWMIQueryAllData(object, &size, NULL), STATUS_BUFFER_TOO_SMALL);
    ObDereferenceObject(object);
}

static void a_method(void **state)
{
    PVOID object = open_block(&data_guid, WMIGUID_EXECUTE);
    UNICODE_STRING name = string(L"TBUS\\Thing\\1_0");
    ULONG numbers[2] = {21, 0}, size = sizeof(numbers);

    (void)state;
    assert_status(IoWMIExecuteMethod(object, &name, 1, 4, &size, (PUCHAR)numbers), STATUS_SUCCESS);
    assert_int_equal(size, 8);
    assert_int_equal(numbers[0], 42);
    assert_int_equal(numbers[1], 11);
    size = 4;
    numbers[0] = 21;
    assert_status(IoWMIExecuteMethod(object, &name, 1, 4, &size, (PUCHAR)numbers),
                  STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(size, 8);
    assert_int_equal(numbers[0], 21);
    assert_status(IoWMIExecuteMethod(object, &name, 2, 4, &size, (PUCHAR)numbers),
                  STATUS_WMI_ITEMID_NOT_FOUND);
    ObDereferenceObject(object);
}

static void larger_than_the_first_buffer(void **state)
{
    PVOID object = open_block(&big_guid, WMIGUID_QUERY);
    UNICODE_STRING name = string(L"TBUS\\Thing\\1_0");
    ULONG size = 2 * BIG_BYTES;
    PUCHAR buffer = malloc(size);
    PWNODE_SINGLE_INSTANCE node = (PWNODE_SINGLE_INSTANCE)buffer;

    (void)state;
    assert_status(IoWMIQueryAllData(object, &size, buffer), STATUS_SUCCESS);
    assert_int_equal(((PWNODE_ALL_DATA)buffer)->InstanceCount, 1);
    size = 2 * BIG_BYTES;
    assert_status(IoWMIQuerySingleInstance(object, &name, &size, buffer), STATUS_SUCCESS);
    assert_int_equal(node->SizeDataBlock, BIG_BYTES);
    assert_int_equal(buffer[node->DataBlockOffset + BIG_BYTES - 1], 0x5a);
    free(buffer);
    ObDereferenceObject(object);
}

/* ---- events ---- */

static _Atomic int heard;
static char heard_text[16];
static bool heard_named;
static VOID NTAPI listen(PVOID wnode, PVOID context_)
{
    PWNODE_SINGLE_INSTANCE node = wnode;

    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    assert_ptr_equal(context_, &heard);
    memcpy(heard_text, (char *)wnode + node->DataBlockOffset,
           node->SizeDataBlock < 15 ? node->SizeDataBlock : 15);
    heard_named = name_at(node, node->OffsetInstanceName, L"TBUS\\Thing\\1_0");
    heard++;
}

static bool has_heard(void *count)
{
    return heard == *(int *)count;
}

static NTSTATUS fire(const char *text)
{
    PVOID data = ExAllocatePoolWithTag(NonPagedPool, strlen(text) + 1, 'tseT');
    NTSTATUS status;
    KIRQL irql;

    strcpy(data, text);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    status = WmiFireEvent(fdo, &event_guid, 0, (ULONG)strlen(text) + 1, data);
    KeLowerIrql(irql);
    return status;
}

static void events_reach_those_who_listen(void **state)
{
    PVOID object = open_block(&event_guid, WMIGUID_NOTIFICATION | SYNCHRONIZE), costly;
    PWNODE_HEADER no_event;
    int one = 1;

    (void)state;
    heard = 0;
    memset(heard_text, 0, sizeof(heard_text));
    assert_false(events_on);
    assert_status(IoWMISetNotificationCallback(object, listen, &heard), STATUS_SUCCESS);
    assert_true(events_on);
    assert_status(IoWMISetNotificationCallback(object, listen, &heard),
                  STATUS_INVALID_DEVICE_STATE);
    assert_status(fire("toast"), STATUS_SUCCESS);
    assert_true(wait_until(has_heard, &one, 10000));
    assert_string_equal(heard_text, "toast");
    assert_true(heard_named);
    ObDereferenceObject(object);
    assert_false(events_on);
    assert_status(fire("nobody"), STATUS_SUCCESS);
    ExpDrainWorkQueues();
    assert_int_equal(heard, 1);
    no_event = ExAllocatePoolWithTag(NonPagedPool, sizeof(*no_event), 'tseT');
    memset(no_event, 0, sizeof(*no_event));
    no_event->BufferSize = sizeof(*no_event);
    assert_status(IoWMIWriteEvent(no_event), STATUS_UNSUCCESSFUL);
    ExFreePool(no_event);

    assert_false(collection_on);
    costly = open_block(&costly_guid, WMIGUID_QUERY);
    assert_true(collection_on);
    ObDereferenceObject(costly);
    assert_false(collection_on);
}

/* ---- registration ---- */

static void names_from_a_base(void **state)
{
    PVOID object;
    UNICODE_STRING name;
    ULONG size = 0, asked = reginfos;

    (void)state;
    WmipSettle();
    name_flags = WMIREG_FLAG_INSTANCE_BASENAME;
    base_name = L"Toaster";
    too_new = true; /* it is asked the old way too */
    assert_status(IoWMIRegistrationControl(fdo, WMIREG_ACTION_REREGISTER), STATUS_SUCCESS);
    object = open_block(&data_guid, WMIGUID_QUERY);
    assert_true(reginfos > (int)asked);
    name = string(L"Toaster0");
    assert_status(IoWMIQuerySingleInstance(object, &name, &size, NULL), STATUS_BUFFER_TOO_SMALL);
    name = string(L"TBUS\\Thing\\1_0");
    assert_status(IoWMIQuerySingleInstance(object, &name, &size, NULL),
                  STATUS_WMI_INSTANCE_NOT_FOUND);
    /* A block goes by an update. */
    guids[DATA].Flags = WMIREG_FLAG_REMOVE_GUID;
    assert_status(IoWMIRegistrationControl(fdo, WMIREG_ACTION_UPDATE_GUIDS), STATUS_SUCCESS);
    WmipSettle();
    guids[DATA].Flags = 0;
    assert_status(IoWMIQueryAllData(object, &size, NULL), STATUS_WMI_GUID_NOT_FOUND);
    ObDereferenceObject(object);
}

/* WMIREGINFO that does not hold what it says. */
static void registration_information_is_checked(void **state)
{
    union {
        WMIREGINFOW info;
        UCHAR bytes[sizeof(WMIREGINFOW) + 2 * sizeof(WMIREGGUIDW) + 64];
    } u;
    LIST_ENTRY blocks;

    (void)state;
    InitializeListHead(&blocks);
    memset(&u, 0, sizeof(u));
    u.info.GuidCount = 1000;
    assert_status(WmipParse(&u.info, sizeof(u), FALSE, &blocks), STATUS_INVALID_PARAMETER);
    u.info.GuidCount = 1;
    u.info.NextWmiRegInfo = sizeof(u) + 8;
    assert_status(WmipParse(&u.info, sizeof(u), FALSE, &blocks), STATUS_INVALID_PARAMETER);
    u.info.NextWmiRegInfo = 0;
    WMIREGGUIDW *guid = u.info.WmiRegGuid;
    guid->InstanceCount = 1;
    guid->Flags = WMIREG_FLAG_INSTANCE_BASENAME;
    guid->BaseNameOffset = sizeof(u) - 1;
    assert_status(WmipParse(&u.info, sizeof(u), FALSE, &blocks), STATUS_INVALID_PARAMETER);
    guid->Flags = WMIREG_FLAG_INSTANCE_LIST;
    guid->InstanceNameList = sizeof(u) - 4;
    USHORT length = 4;
    memcpy(u.bytes + sizeof(u) - 4, &length, sizeof(length));
    assert_status(WmipParse(&u.info, sizeof(u), FALSE, &blocks), STATUS_INVALID_PARAMETER);
    guid->Flags = WMIREG_FLAG_INSTANCE_PDO;
    guid->Pdo = (ULONG_PTR)fdo; /* no PDO */
    assert_status(WmipParse(&u.info, sizeof(u), FALSE, &blocks), STATUS_NO_SUCH_DEVICE);
    while (!IsListEmpty(&blocks))
        WmipFreeBlock(CONTAINING_RECORD(RemoveHeadList(&blocks), WMIP_BLOCK, Link));
}

/* ---- races ---- */

static _Atomic bool stop;
static void *ask(void *unused)
{
    ULONG size;
    PVOID object;

    (void)unused;
    while (!stop) {
        size = 0;
        if (!NT_SUCCESS(IoWMIOpenBlock(&data_guid, WMIGUID_QUERY, &object)))
            continue;
        NTSTATUS status = IoWMIQueryAllData(object, &size, NULL);
        ObDereferenceObject(object);
        if (status != STATUS_BUFFER_TOO_SMALL && status != STATUS_WMI_GUID_NOT_FOUND &&
            status != STATUS_WMI_GUID_DISCONNECTED)
            return (void *)1;
    }
    return NULL;
}

static void providers_come_and_go_while_they_are_asked(void **state)
{
    pthread_t threads[2];
    void *failed;

    (void)state;
    stop = false;
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask, NULL), 0);
    for (int i = 0; i < 500; i++) {
        assert_status(IoWMIRegistrationControl(fdo, WMIREG_ACTION_DEREGISTER), STATUS_SUCCESS);
        assert_status(IoWMIRegistrationControl(fdo, WMIREG_ACTION_REGISTER), STATUS_SUCCESS);
    }
    stop = true;
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, boot, shut)

static void instance_ids(void **state)
{
    GUID one = data_guid, other = event_guid;
    ULONG first = 99;

    (void)state;
    one.Data1 = other.Data1 = 0x12345678; /* nobody's; they differ in nothing else */
    other.Data2++;
    assert_int_equal(IoWMIAllocateInstanceIds(&one, 3, &first), STATUS_SUCCESS);
    assert_int_equal(first, 0);
    assert_int_equal(IoWMIAllocateInstanceIds(&one, 1, &first), STATUS_SUCCESS);
    assert_int_equal(first, 3); /* never twice */
    assert_int_equal(IoWMIAllocateInstanceIds(&other, 2, &first), STATUS_SUCCESS);
    assert_int_equal(first, 0); /* each GUID counts for itself */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(instance_ids),
        TEST(all_instances_with_their_names),
        TEST(one_instance),
        TEST(rights_and_absence),
        TEST(a_method),
        TEST(larger_than_the_first_buffer),
        TEST(events_reach_those_who_listen),
        TEST(names_from_a_base),
        TEST(registration_information_is_checked),
        TEST(providers_come_and_go_while_they_are_asked),
    };

    return cmocka_run_group_tests_name("wmi", tests, NULL, NULL);
}
