/* SPDX-License-Identifier: MIT */
#include "client.h"

const GUID client_guid = SCSICLIENT_INTERFACE_GUID;
WCHAR bus_path[128];

NTSTATUS NTAPI scsiclient_entry(PDRIVER_OBJECT driver, PUNICODE_STRING path);

int client_setup(void **state)
{
    (void)state;
    rig_boot();
    rig_add_service(L"scsiclient", scsiclient_entry);
    assert_ok(PnpAddMatch(L"GenCdRom", L"fakeclass", NULL));
    assert_ok(
        PnpCreateRootDevice(L"SCSICLIENT", L"VirtualSCSIBus\0", L"scsiclient", bus_path, 128));
    return 0;
}

int client_teardown(void **state)
{
    (void)state;
    rig_shutdown();
    return 0;
}

/* ---- the program's side ---- */

static void add_text(uint8_t *to, ULONG *used, unsigned which, const char *text, bool list)
{
    PNP_ENTRY *entry = (PNP_ENTRY *)(to + sizeof(REQUEST_HEADER)) + which;
    size_t count = 0;

    if (text == NULL)
        return;
    if (list)
        while (text[count] != 0)
            count += strlen(text + count) + 1;
    else
        count = strlen(text);
    count++;
    entry->InfoOffset = *used - sizeof(REQUEST_HEADER);
    entry->InfoLength = (ULONG)(2 * count);
    for (size_t i = 0; i < count; i++) {
        to[(*used)++] = (uint8_t)text[i];
        to[(*used)++] = 0;
    }
}

ULONG make_info(uint8_t *to, const device_info *info)
{
    REQUEST_HEADER *header = (REQUEST_HEADER *)to;
    ULONG used = sizeof(REQUEST_HEADER) + sizeof(PNP_INFO);

    memset(to, 0, used);
    add_text(to, &used, 0, info->device != NULL ? info->device : "FAKE\\CdRom", false);
    add_text(to, &used, 1, info->hardware != NULL ? info->hardware : "FAKE\\CdRom\0GenCdRom\0",
             true);
    add_text(to, &used, 2, info->compatible, true);
    add_text(to, &used, 3, info->instance, false);
    add_text(to, &used, 4, info->serial, false);
    add_text(to, &used, 5, info->container, false);
    add_text(to, &used, 6, info->description, false);
    add_text(to, &used, 7, info->location, false);
    if (info->capabilities) {
        PNP_ENTRY *entry = (PNP_ENTRY *)(to + sizeof(REQUEST_HEADER)) + 8;

        entry->InfoOffset = used - sizeof(REQUEST_HEADER);
        entry->InfoLength = 64;
        memset(to + used, 0xFF, 64);
        used += 64;
    }
    header->Op = OP_PLUGIN;
    header->Length = used;
    return used;
}

NTSTATUS try_plug(HANDLE handle, const device_info *info)
{
    uint8_t frame[4096];

    return rig_call(handle, IOCTL_PLUGIN_DEVICE, frame, make_info(frame, info), NULL, 0, NULL);
}

HANDLE plug(const char *instance)
{
    HANDLE handle = rig_open(&client_guid);
    device_info info = {.instance = instance};
    WCHAR path[200];

    assert_ok(try_plug(handle, &info));
    PnpSettle();
    assert_true(child_path(instance, path));
    assert_int_equal(rig_state(path), PnpStarted);
    return handle;
}

NTSTATUS plug_out(HANDLE handle)
{
    return rig_call(handle, IOCTL_PLUGOUT_DEVICE, NULL, 0, NULL, 0, NULL);
}

NTSTATUS fetch_begin(fetch *f, HANDLE handle, ULONG size)
{
    memset(f, 0, sizeof(*f));
    f->size = size;
    f->buffer = malloc(size != 0 ? size : 1);
    assert_non_null(f->buffer);
    memset(f->buffer, 0xEE, size);
    return rig_control(&f->io, handle, IOCTL_FETCH_REQUEST, NULL, 0, f->buffer, size);
}

NTSTATUS fetch_end(fetch *f)
{
    NTSTATUS status = rig_io_end(&f->io);

    if (status == STATUS_SUCCESS) {
        assert_int_equal(header_of(f)->Length, f->io.iosb.Information);
        assert_true(header_of(f)->Length <= f->size);
        assert_int_equal(header_of(f)->Op, OP_REQUEST);
        assert_int_equal(ScsinetCheckFrame(header_of(f), ScsinetFromClient), ScsinetFrameGood);
    } else {
        assert_int_equal(f->io.iosb.Information, 0);
    }
    return status;
}

void fetch_free(fetch *f)
{
    free(f->buffer);
    f->buffer = NULL;
}

void fetch_one(fetch *f, HANDLE handle)
{
    fetch_begin(f, handle, FETCH_ROOM);
    assert_ok(fetch_end(f));
}

REQUEST_HEADER *header_of(fetch *f)
{
    return (REQUEST_HEADER *)f->buffer;
}

PACKED_SRB *srb_of(fetch *f)
{
    return (PACKED_SRB *)(f->buffer + sizeof(REQUEST_HEADER));
}

uint8_t *body_of(fetch *f)
{
    return f->buffer + sizeof(REQUEST_HEADER);
}

REQUEST_HEADER *answer_header(answer *a)
{
    return (REQUEST_HEADER *)a->bytes;
}

PACKED_SRB *answer_srb(answer *a)
{
    return (PACKED_SRB *)(a->bytes + sizeof(REQUEST_HEADER));
}

void answer_add(answer *a, const void *bytes, ULONG count)
{
    assert_true(a->used + count <= sizeof(a->bytes));
    if (count != 0)
        memcpy(a->bytes + a->used, bytes, count);
    a->used += count;
}

void answer_start(answer *a, fetch *f, NTSTATUS status, UCHAR srb_status, ULONG transferred)
{
    a->used = 0;
    answer_add(a, f->buffer, sizeof(REQUEST_HEADER));
    answer_header(a)->Status = status;
    if (header_of(f)->MajorFunction != IRP_MJ_INTERNAL_DEVICE_CONTROL)
        return;
    answer_add(a, body_of(f), sizeof(PACKED_SRB));
    answer_srb(a)->SrbStatus = srb_status;
    answer_srb(a)->DataTransferLength = transferred;
}

NTSTATUS answer_send(answer *a, HANDLE handle)
{
    uint8_t *exact = malloc(a->used);
    NTSTATUS status;

    assert_non_null(exact);
    answer_header(a)->Length = a->used;
    memcpy(exact, a->bytes, a->used);
    status = rig_call(handle, IOCTL_COMPLETE_REQUEST, exact, a->used, NULL, 0, NULL);
    free(exact);
    return status;
}

NTSTATUS answer_send_split(answer *a, HANDLE handle, const void *data, ULONG length)
{
    answer_header(a)->Length = a->used + length;
    return rig_call(handle, IOCTL_COMPLETE_REQUEST, a->bytes, a->used, (void *)data, length, NULL);
}

NTSTATUS answer_read(fetch *f, HANDLE handle)
{
    PACKED_SRB *srb = srb_of(f);
    uint32_t lba = (uint32_t)srb->Cdb[2] << 24 | (uint32_t)srb->Cdb[3] << 16 |
                   (uint32_t)srb->Cdb[4] << 8 | srb->Cdb[5];
    answer *a = malloc(sizeof(*a));
    NTSTATUS status;

    assert_non_null(a);
    assert_int_equal(srb->Cdb[0], SCSIOP_READ);
    answer_start(a, f, STATUS_SUCCESS, SRB_STATUS_SUCCESS, srb->DataTransferLength);
    for (uint32_t i = 0; i < srb->DataTransferLength; i++)
        a->bytes[a->used + i] = fake_byte(1, lba + i / 2048, i % 2048);
    a->used += srb->DataTransferLength;
    status = answer_send(a, handle);
    free(a);
    return status;
}

/* ---- the other side ---- */

typedef struct search {
    WCHAR end[100];
    WCHAR *path;
    unsigned count;
    bool found;
} search;

static VOID look_at_node(PDEVICE_NODE node, ULONG depth, PVOID context)
{
    search *s = context;
    size_t length, end = NtCrt_wcslen(s->end);

    (void)depth;
    if (node->InstancePath == NULL || node->State == PnpRemoved ||
        NtCrt__wcsnicmp(node->InstancePath, L"FAKE\\", 5) != 0)
        return;
    s->count++;
    length = NtCrt_wcslen(node->InstancePath);
    if (length < end || NtCrt__wcsicmp(node->InstancePath + length - end, s->end) != 0)
        return;
    if (s->path != NULL)
        NtCrt_wcscpy(s->path, node->InstancePath);
    s->found = true;
}

bool child_path(const char *instance, WCHAR path[200])
{
    search s = {.path = path};
    size_t i;

    s.end[0] = L'&';
    for (i = 0; instance[i] != 0; i++)
        s.end[i + 1] = (WCHAR)instance[i];
    s.end[i + 1] = 0;
    PnpEnumerateNodes(look_at_node, &s);
    return s.found;
}

unsigned child_count(void)
{
    search s = {.count = 0};

    PnpEnumerateNodes(look_at_node, &s);
    return s.count;
}

PDEVICE_OBJECT child_pdo(const char *instance)
{
    PDEVICE_OBJECT pdo;
    PDEVICE_NODE node;
    WCHAR path[200];

    assert_true(child_path(instance, path));
    node = PnpFindNode(path);
    assert_non_null(node);
    pdo = node->PhysicalDeviceObject;
    ObReferenceObject(pdo);
    PnpDereferenceNode(node);
    return pdo;
}

PDEVICE_OBJECT child_top(const char *instance)
{
    PDEVICE_OBJECT pdo = child_pdo(instance);
    PDEVICE_OBJECT top = IoGetAttachedDeviceReference(pdo);

    ObDereferenceObject(pdo);
    return top;
}

HANDLE child_open(const char *instance)
{
    PDEVICE_OBJECT pdo = child_pdo(instance);
    HANDLE handle = NULL;
    WCHAR name[128];
    ULONG length;

    assert_ok(IoGetDeviceProperty(pdo, DevicePropertyPhysicalDeviceObjectName, sizeof(name), name,
                                  &length));
    assert_ok(rig_open_name(name, &handle));
    ObDereferenceObject(pdo);
    return handle;
}

void read_begin(rig_srb *r, PDEVICE_OBJECT device, uint32_t lba, uint32_t count, void *buffer)
{
    rig_srb_begin(r, device, SRB_FUNCTION_EXECUTE_SCSI,
                  CDB(SCSIOP_READ, 0, (uint8_t)(lba >> 24), (uint8_t)(lba >> 16),
                      (uint8_t)(lba >> 8), (uint8_t)lba, 0, (uint8_t)(count >> 8), (uint8_t)count,
                      0),
                  RIG_IN, buffer, count * 2048);
}
