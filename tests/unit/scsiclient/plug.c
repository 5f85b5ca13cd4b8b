/* SPDX-License-Identifier: MIT */
/* Children come and go, with their program, with their bus, or by a person's will. */
#include "client.h"

static uint8_t data[2048];

static void what_plug_and_play_learns(void **state)
{
    HANDLE program = rig_open(&client_guid);
    device_info info = {.instance = "7",
                        .device = "FAKE\\Some Drive",
                        .hardware = "FAKE\\Some_Drive\0GenCdRom\0",
                        .compatible = "FAKE\\RAW\0",
                        .description = "A drive, far away",
                        .location = "Bay 9",
                        .serial = "S1",
                        .container = "{aaaaaaaa-0000-0000-0000-000000000000}",
                        .capabilities = true};
    PDEVICE_NODE node;
    WCHAR path[200];

    (void)state;
    assert_ok(try_plug(program, &info));
    PnpSettle();
    assert_true(child_path("7", path));
    assert_int_equal(NtCrt__wcsnicmp(path, L"FAKE\\Some_Drive\\", 16), 0);
    node = PnpFindNode(path);
    assert_non_null(node);
    assert_int_equal(node->State, PnpStarted);
    assert_int_equal(NtCrt_wcscmp(node->HardwareIds, L"FAKE\\Some_Drive"), 0);
    assert_int_equal(NtCrt_wcscmp(node->HardwareIds + 16, L"GenCdRom"), 0);
    assert_int_equal(NtCrt_wcscmp(node->CompatibleIds, L"FAKE\\RAW"), 0);
    assert_int_equal(NtCrt_wcscmp(node->Description, L"A drive, far away"), 0);
    /* Behind a network some things are true whatever the other bus said, and some are not its to
     * say. */
    assert_true(node->Capabilities.Removable);
    assert_true(node->Capabilities.SurpriseRemovalOK);
    assert_true(node->Capabilities.EjectSupported);
    assert_false(node->Capabilities.UniqueID);
    assert_false(node->Capabilities.RawDeviceOK);
    assert_false(node->Capabilities.HardwareDisabled);
    assert_int_equal(node->Capabilities.Address, (ULONG)-1);
    PnpDereferenceNode(node);
    rig_close(program);
}

static void without_a_driver(void **state)
{
    HANDLE program = rig_open(&client_guid);
    device_info info = {.instance = "1", .hardware = "FAKE\\Unknown\0"};
    WCHAR path[200];

    (void)state;
    assert_ok(try_plug(program, &info));
    PnpSettle();
    assert_true(child_path("1", path));
    assert_int_equal(rig_state(path), PnpNoDriver);
    assert_ok(plug_out(program));
    PnpSettle();
    assert_int_equal(child_count(), 0);
    rig_close(program);
}

static void a_handle_has_one_child(void **state)
{
    HANDLE program = rig_open(&client_guid), other;
    device_info info = {.instance = "1"};
    uint8_t buffer[200] = {0};
    fetch f;

    (void)state;
    /* None yet. */
    assert_status(plug_out(program), STATUS_DEVICE_DOES_NOT_EXIST);
    fetch_begin(&f, program, 200);
    assert_status(fetch_end(&f), STATUS_DEVICE_DOES_NOT_EXIST);
    fetch_free(&f);
    assert_status(rig_call(program, IOCTL_COMPLETE_REQUEST, buffer, 200, NULL, 0, NULL),
                  STATUS_DEVICE_DOES_NOT_EXIST);
    assert_status(rig_call(program, CTL_CODE(FILE_DEVICE_CONTROLLER, 99, METHOD_BUFFERED, 0), NULL,
                           0, NULL, 0, NULL),
                  STATUS_INVALID_DEVICE_REQUEST);
    /* One. */
    assert_ok(try_plug(program, &info));
    info.instance = "2";
    assert_status(try_plug(program, &info), STATUS_INVALID_DEVICE_STATE);
    PnpSettle();
    assert_int_equal(child_count(), 1);
    /* Gone is gone, for this handle. */
    assert_ok(plug_out(program));
    assert_ok(plug_out(program));
    assert_status(try_plug(program, &info), STATUS_INVALID_DEVICE_STATE);
    fetch_begin(&f, program, 200);
    assert_status(fetch_end(&f), STATUS_DEVICE_DOES_NOT_EXIST);
    fetch_free(&f);
    other = rig_open(&client_guid);
    assert_ok(try_plug(other, &info));
    PnpSettle();
    assert_int_equal(child_count(), 1);
    rig_close(other);
    rig_close(program);
    PnpSettle();
    assert_int_equal(child_count(), 0);
}

static void bad_descriptions_are_refused(void **state)
{
    static const device_info bad[] = {
        {.instance = NULL},
        {.instance = ""},
        {.instance = "a\\b"},
        {.instance = "a,b"},
        {.instance = "1", .device = "NoBus"},
        {.instance = "1", .device = "A\\B\\C"},
        {.instance = "1", .hardware = ""},
        {.instance = "1", .hardware = "a\x01\0"},
    };
    HANDLE program = rig_open(&client_guid);
    device_info good = {.instance = "1", .capabilities = true};
    uint8_t frame[2048], copy[2048];
    ULONG length;

    (void)state;
    for (size_t i = 0; i < RTL_NUMBER_OF(bad); i++)
        assert_status(try_plug(program, &bad[i]), STATUS_INVALID_PARAMETER);
    length = make_info(frame, &good);
    assert_status(rig_call(program, IOCTL_PLUGIN_DEVICE, NULL, 0, NULL, 0, NULL),
                  STATUS_INVALID_PARAMETER);
    assert_status(rig_call(program, IOCTL_PLUGIN_DEVICE, frame, 47, NULL, 0, NULL),
                  STATUS_INVALID_PARAMETER);
    assert_status(rig_call(program, IOCTL_PLUGIN_DEVICE, frame, length - 1, NULL, 0, NULL),
                  STATUS_INVALID_PARAMETER);
    memcpy(copy, frame, length);
    ((REQUEST_HEADER *)copy)->Op = OP_REQUEST;
    assert_status(rig_call(program, IOCTL_PLUGIN_DEVICE, copy, length, NULL, 0, NULL),
                  STATUS_INVALID_PARAMETER);
    memcpy(copy, frame, length);
    ((REQUEST_HEADER *)copy)->Length = 0xFFFFFFFF;
    assert_status(rig_call(program, IOCTL_PLUGIN_DEVICE, copy, length, NULL, 0, NULL),
                  STATUS_INVALID_PARAMETER);
    memcpy(copy, frame, length);
    ((PNP_INFO *)(copy + 48))->QueryId[3].InfoOffset = length;
    assert_status(rig_call(program, IOCTL_PLUGIN_DEVICE, copy, length, NULL, 0, NULL),
                  STATUS_INVALID_PARAMETER);
    PnpSettle();
    assert_int_equal(child_count(), 0);
    /* The handle is none the worse, and something behind the frame is nothing. */
    assert_ok(rig_call(program, IOCTL_PLUGIN_DEVICE, frame, length + 1, NULL, 0, NULL));
    rig_close(program);
}

/* Devices that are equal to plug and play would stop the system, each in another way equal. */
static void equal_devices_are_told_apart(void **state)
{
    static const device_info equal[] = {
        {.instance = "X"},
        {.instance = "X"},
        {.instance = "X&1"},
        {.instance = "x"},
        {.instance = "X&1"},
        {.instance = "X"},
        {.instance = "A B"},
        {.instance = "A_B"},
        {.instance = "X&2"},
        {.instance = "A B"},
        {.instance = "X", .device = "FAKE\\cdrom"},
        {.instance = "X", .device = "FAKE\\Other"},
    };
    HANDLE programs[RTL_NUMBER_OF(equal)];

    (void)state;
    for (size_t i = 0; i < RTL_NUMBER_OF(equal); i++) {
        programs[i] = rig_open(&client_guid);
        assert_ok(try_plug(programs[i], &equal[i]));
        PnpSettle();
        assert_int_equal(child_count(), i + 1);
    }
    /* One goes, one of its name comes. */
    rig_close(programs[1]);
    PnpSettle();
    assert_int_equal(child_count(), RTL_NUMBER_OF(equal) - 1);
    programs[1] = rig_open(&client_guid);
    assert_ok(try_plug(programs[1], &equal[1]));
    PnpSettle();
    assert_int_equal(child_count(), RTL_NUMBER_OF(equal));
    for (size_t i = 0; i < RTL_NUMBER_OF(equal); i++)
        rig_close(programs[i]);
    PnpSettle();
    assert_int_equal(child_count(), 0);
}

static void more_children_than_fit_at_first(void **state)
{
    HANDLE programs[40];

    (void)state;
    for (unsigned i = 0; i < 40; i++) {
        device_info info = {.instance = "N"};

        programs[i] = rig_open(&client_guid);
        assert_ok(try_plug(programs[i], &info));
    }
    PnpSettle();
    assert_int_equal(child_count(), 40);
    for (unsigned i = 0; i < 40; i++)
        rig_close(programs[i]);
    PnpSettle();
    assert_int_equal(child_count(), 0);
    assert_int_equal(class_removes, 40);
}

/* Waiting, fetched, and fetches that wait: whichever way the device goes. */
static void goes_with_everything_under_way(void **state)
{
    (void)state;
    for (int way = 0; way < 2; way++) {
        HANDLE program = plug("1"), idle = plug("2");
        PDEVICE_OBJECT device = child_top("1");
        rig_srb waiting, fetched;
        fetch f, pending[3];
        unsigned removes = class_removes;

        read_begin(&fetched, device, 1, 1, data);
        fetch_one(&f, program);
        read_begin(&waiting, device, 1, 1, data);
        for (int i = 0; i < 3; i++)
            assert_status(fetch_begin(&pending[i], idle, FETCH_ROOM), STATUS_PENDING);
        if (way == 0) {
            assert_ok(plug_out(program));
            assert_ok(plug_out(idle));
            assert_status(answer_read(&f, program), STATUS_NOT_FOUND);
        } else {
            rig_close(program); /* died */
            rig_close(idle);
        }
        assert_status(rig_srb_end(&waiting), STATUS_DEVICE_DOES_NOT_EXIST);
        assert_int_equal(waiting.srb.SrbStatus, SRB_STATUS_NO_DEVICE);
        assert_status(rig_srb_end(&fetched), STATUS_DEVICE_DOES_NOT_EXIST);
        for (int i = 0; i < 3; i++) {
            /* With its handle a fetch is cancelled or told that the device is gone, whatever is
             * first. */
            NTSTATUS status = fetch_end(&pending[i]);

            assert_true(status == STATUS_DEVICE_DOES_NOT_EXIST ||
                        (way == 1 && status == STATUS_CANCELLED));
            fetch_free(&pending[i]);
        }
        PnpSettle();
        assert_int_equal(child_count(), 0);
        assert_int_equal(class_removes, removes + 2);
        assert_int_equal(class_surprises, removes + 2);
        ObDereferenceObject(device);
        fetch_free(&f);
        if (way == 0) {
            rig_close(program);
            rig_close(idle);
        }
    }
}

static void an_open_handle_keeps_it_until_it_is_closed(void **state)
{
    HANDLE program = plug("1"), drive = child_open("1");
    PDEVICE_OBJECT device = child_top("1");
    WCHAR path[200];
    uint8_t out[8];
    rig_srb late;

    (void)state;
    assert_true(child_path("1", path));
    rig_close(program);
    PnpSettle();
    assert_int_equal(rig_state(path), PnpSurpriseRemoved);
    assert_int_equal(class_removes, 0);
    read_begin(&late, device, 1, 1, data);
    assert_status(rig_srb_end(&late), STATUS_DEVICE_DOES_NOT_EXIST);
    assert_int_equal(late.srb.SrbStatus, SRB_STATUS_NO_DEVICE);
    ObDereferenceObject(device);
    assert_status(rig_call(drive, IOCTL_SCSI_GET_ADDRESS, NULL, 0, out, 8, NULL),
                  STATUS_DEVICE_DOES_NOT_EXIST);
    /* One of its name comes while it is still there. */
    program = rig_open(&client_guid);
    assert_ok(try_plug(program, &(device_info){.instance = "1"}));
    PnpSettle();
    assert_int_equal(child_count(), 2);
    rig_close(drive);
    PnpSettle();
    assert_int_equal(class_removes, 1);
    assert_int_equal(child_count(), 1);
    rig_close(program);
}

/* What a READ gets through `program`, from a class driver that is there now. */
static void assert_works(HANDLE program, const char *instance)
{
    PDEVICE_OBJECT device = child_top(instance);
    rig_srb r;
    fetch f;

    read_begin(&r, device, 3, 1, data);
    fetch_one(&f, program);
    assert_ok(answer_read(&f, program));
    assert_ok(rig_srb_end(&r));
    assert_true(fake_holds(data, 1, 3, 1));
    fetch_free(&f);
    ObDereferenceObject(device);
}

static void another_class_driver_on_the_same_device(void **state)
{
    HANDLE program = plug("1");
    PDEVICE_OBJECT before = child_pdo("1"), after;
    WCHAR path[200];

    (void)state;
    assert_true(child_path("1", path));
    for (int i = 0; i < 3; i++) {
        assert_works(program, "1");
        assert_ok(PnpRestartDevice(path));
        after = child_pdo("1");
        assert_ptr_equal(before, after);
        ObDereferenceObject(after);
    }
    assert_int_equal(class_removes, 3);
    assert_int_equal(class_starts, 4);
    assert_works(program, "1");
    ObDereferenceObject(before);
    /* Disabled, and then plugged out: nobody is there to be told but the bus. */
    assert_ok(PnpDisableDevice(path));
    assert_ok(plug_out(program));
    PnpSettle();
    assert_int_equal(child_count(), 0);
    rig_close(program);
}

static void pulled_out_by_a_person_but_still_shared(void **state)
{
    HANDLE program = plug("1"), drive;
    PDEVICE_OBJECT device = child_top("1");
    rig_srb waiting, fetched, late;
    fetch f, pending;
    WCHAR path[200];

    (void)state;
    assert_true(child_path("1", path));
    drive = child_open("1");
    read_begin(&fetched, device, 1, 1, data);
    fetch_one(&f, program);
    read_begin(&waiting, device, 1, 1, data);
    assert_ok(PnpRemoveDevice(path, TRUE));
    /* Its requests end; new ones are refused; the program goes on waiting. */
    assert_status(rig_srb_end(&waiting), STATUS_DEVICE_DOES_NOT_EXIST);
    assert_status(rig_srb_end(&fetched), STATUS_DEVICE_DOES_NOT_EXIST);
    assert_status(answer_read(&f, program), STATUS_NOT_FOUND);
    assert_status(fetch_begin(&pending, program, FETCH_ROOM), STATUS_PENDING);
    read_begin(&late, device, 1, 1, data);
    assert_status(rig_srb_end(&late), STATUS_DEVICE_DOES_NOT_EXIST);
    assert_false(rig_io_done(&pending.io));
    ObDereferenceObject(device);
    rig_close(drive);
    PnpSettle();
    assert_int_equal(child_count(), 0);
    assert_int_equal(class_removes, 1);
    /* The bus still has it: it comes back when somebody looks. */
    assert_ok(PnpEnumerateDevice(bus_path));
    PnpSettle();
    assert_int_equal(child_count(), 1);
    device = child_top("1");
    read_begin(&late, device, 3, 1, data);
    assert_ok(fetch_end(&pending));
    assert_ok(answer_read(&pending, program));
    assert_ok(rig_srb_end(&late));
    ObDereferenceObject(device);
    fetch_free(&pending);
    fetch_free(&f);
    rig_close(program);
}

static void the_bus_is_pulled_out(void **state)
{
    HANDLE program = plug("1"), empty = rig_open(&client_guid), other;
    PDEVICE_OBJECT device = child_top("1");
    rig_srb r;
    fetch f;

    (void)state;
    read_begin(&r, device, 1, 1, data);
    fetch_one(&f, program);
    fetch_free(&f);
    assert_status(fetch_begin(&f, program, FETCH_ROOM), STATUS_PENDING);
    assert_status(PnpRemoveDevice(bus_path, FALSE), STATUS_SHARING_VIOLATION);
    assert_ok(PnpRemoveDevice(bus_path, TRUE));
    assert_status(rig_srb_end(&r), STATUS_DEVICE_DOES_NOT_EXIST);
    assert_status(fetch_end(&f), STATUS_DEVICE_DOES_NOT_EXIST);
    assert_status(try_plug(empty, &(device_info){.instance = "2"}), STATUS_DEVICE_DOES_NOT_EXIST);
    assert_status(rig_try_open(&client_guid, &other), STATUS_OBJECT_NAME_NOT_FOUND);
    ObDereferenceObject(device);
    rig_close(program);
    rig_close(empty);
    PnpSettle();
    assert_int_equal(child_count(), 0);
    assert_int_equal(rig_state(bus_path), PnpRemoved);
    fetch_free(&f);
}

static void the_bus_goes_in_order(void **state)
{
    HANDLE program = plug("1");

    (void)state;
    rig_close(program);
    PnpSettle();
    assert_ok(PnpRestartDevice(bus_path));
    program = plug("1");
    assert_works(program, "1");
    rig_close(program);
    PnpSettle();
    assert_ok(PnpRemoveDevice(bus_path, FALSE));
    assert_int_equal(rig_state(bus_path), PnpRemoved);
}

static void requests_that_plug_and_play_seldom_sends(void **state)
{
    IO_STACK_LOCATION what = {.MajorFunction = IRP_MJ_PNP,
                              .MinorFunction = IRP_MN_QUERY_DEVICE_RELATIONS};
    HANDLE program = plug("1");
    PDEVICE_OBJECT pdo = child_pdo("1"), top = child_top("1"), bus;
    DEVICE_CAPABILITIES capabilities = {.Size = sizeof(capabilities) - 1, .Version = 1};
    PDEVICE_RELATIONS relations;
    PDEVICE_NODE node;
    ULONG_PTR got;

    (void)state;
    what.Parameters.QueryDeviceRelations.Type = TargetDeviceRelation;
    assert_ok(rig_irp(pdo, &what, &got));
    relations = (PDEVICE_RELATIONS)got;
    assert_int_equal(relations->Count, 1);
    assert_ptr_equal(relations->Objects[0], pdo);
    ObDereferenceObject(pdo);
    ExFreePool(relations);
    what.Parameters.QueryDeviceRelations.Type = EjectionRelations;
    assert_status(rig_irp(pdo, &what, NULL), STATUS_NOT_SUPPORTED);
    memset(&what, 0, sizeof(what));
    what.MajorFunction = IRP_MJ_PNP;
    what.MinorFunction = IRP_MN_QUERY_CAPABILITIES;
    what.Parameters.DeviceCapabilities.Capabilities = &capabilities;
    assert_status(rig_irp(pdo, &what, NULL), STATUS_UNSUCCESSFUL);
    capabilities.Size++;
    capabilities.Version = 2;
    assert_status(rig_irp(pdo, &what, NULL), STATUS_UNSUCCESSFUL);
    capabilities.Version = 1;
    assert_ok(rig_irp(pdo, &what, NULL));
    memset(&what, 0, sizeof(what));
    what.MajorFunction = IRP_MJ_PNP;
    what.MinorFunction = IRP_MN_QUERY_ID;
    for (int type = 4; type < 9; type++) { /* none was said, or there is no such ID */
        what.Parameters.QueryId.IdType = (BUS_QUERY_ID_TYPE)type;
        assert_status(rig_irp(pdo, &what, NULL), STATUS_NOT_SUPPORTED);
    }
    what.MinorFunction = IRP_MN_QUERY_DEVICE_TEXT;
    for (int type = 0; type < 3; type++) {
        memset(&what.Parameters, 0, sizeof(what.Parameters));
        what.Parameters.QueryDeviceText.DeviceTextType = (DEVICE_TEXT_TYPE)type;
        assert_status(rig_irp(pdo, &what, NULL), STATUS_NOT_SUPPORTED);
    }
    what.MinorFunction = IRP_MN_QUERY_BUS_INFORMATION;
    assert_status(rig_irp(pdo, &what, NULL), STATUS_NOT_SUPPORTED);
    rig_check_power(top, STATUS_NOT_SUPPORTED);

    /* The bus. */
    node = PnpFindNode(bus_path);
    assert_non_null(node);
    bus = IoGetAttachedDeviceReference(node->PhysicalDeviceObject);
    PnpDereferenceNode(node);
    rig_check_power(bus, STATUS_NOT_SUPPORTED);
    memset(&what, 0, sizeof(what));
    what.MajorFunction = IRP_MJ_INTERNAL_DEVICE_CONTROL;
    assert_status(rig_irp(bus, &what, NULL), STATUS_INVALID_DEVICE_REQUEST);
    ObDereferenceObject(bus);
    ObDereferenceObject(top);
    ObDereferenceObject(pdo);
    rig_close(program);
}

/* A call that was on its way when the handle was closed comes behind CLEANUP: nobody could plug the
 * device out. */
static void plugged_in_behind_the_last_close(void **state)
{
    HANDLE program = rig_open(&client_guid);
    device_info info = {.instance = "1"};
    IO_STATUS_BLOCK iosb;
    uint8_t frame[2048];
    PDEVICE_OBJECT top;
    PFILE_OBJECT file;
    ULONG length;
    KEVENT event;
    PVOID object;
    PIRP irp;

    (void)state;
    assert_ok(ObReferenceObjectByHandle(program, 0, *IoFileObjectType, KernelMode, &object, NULL));
    file = object;
    rig_close(program);
    top = IoGetRelatedDeviceObject(file);
    length = make_info(frame, &info);
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    irp = IoBuildDeviceIoControlRequest(IOCTL_PLUGIN_DEVICE, top, frame, length, NULL, 0, FALSE,
                                        &event, &iosb);
    assert_non_null(irp);
    IoGetNextIrpStackLocation(irp)->FileObject = file;
    assert_ok(IoCallDriver(top, irp));
    PnpSettle();
    assert_int_equal(child_count(), 1);
    ObDereferenceObject(file);
    PnpSettle();
    rig_until(child_count() == 0);
}

/* What the check lets through does not stop the system: plug and play is as strict as it wants to
 * be. */
static void whatever_is_accepted_can_be_plugged_in(void **state)
{
    static const device_info info = {.instance = "I&1",
                                     .device = "FAKE\\Drive",
                                     .hardware = "FAKE\\Drive\0FAKE\\D\0GenCdRom\0",
                                     .compatible = "FAKE\\RAW\0",
                                     .description = "Text",
                                     .location = "Bay",
                                     .serial = "S",
                                     .container = "{c}",
                                     .capabilities = true};
    static const uint8_t letters[] = {0,   ' ', '_',  '\\', '&',  '1', 'i',
                                      'I', ',', 0x1F, 0x7F, 0x80, '#', '*'};
    HANDLE programs[4] = {NULL};
    unsigned seed = 12345, accepted = 0;

    (void)state;
    for (unsigned round = 0; round < 4000 / RIG_SLOWER; round++) {
        HANDLE *program = &programs[round % 4];
        uint8_t frame[4096];
        ULONG length = make_info(frame, &info);

        if (*program != NULL)
            rig_close(*program);
        *program = rig_open(&client_guid);
        for (unsigned times = round % 3; times > 0; times--) {
            ULONG at;

            seed = seed * 1103515245 + 12345;
            at = 48 + (seed >> 8) % (length - 48);
            if ((seed >> 24) % 4 == 0)
                frame[at] = (uint8_t)(seed >> 16);
            else
                frame[at] = letters[(seed >> 16) % sizeof(letters)];
        }
        accepted +=
            rig_call(*program, IOCTL_PLUGIN_DEVICE, frame, length, NULL, 0, NULL) == STATUS_SUCCESS;
        if (round % 2 == 0)
            PnpSettle();
    }
    assert_in_range(accepted, 400 / RIG_SLOWER, 3900 / RIG_SLOWER);
    for (int i = 0; i < 4; i++)
        rig_close(programs[i]);
    PnpSettle();
    assert_int_equal(child_count(), 0);
}

static void a_thousand_times(void **state)
{
    ntio_counts before, after;
    unsigned rounds = RIG_SLOWER == 1 ? 1000 : 100;

    (void)state;
    for (unsigned i = 0; i < rounds + 50; i++) {
        HANDLE program = plug("1");

        if (i == 50) {
            ntio_get_counts(&before);
        }
        if (i % 10 == 0)
            assert_works(program, "1");
        if (i % 2 == 0)
            assert_ok(plug_out(program));
        rig_close(program);
        PnpSettle();
        assert_int_equal(child_count(), 0);
    }
    {
        HANDLE program = plug("1");

        ntio_get_counts(&after);
        rig_close(program);
    }
    assert_in_range(after.pool_blocks, before.pool_blocks - 8, before.pool_blocks + 8);
    assert_in_range(after.pool_bytes, 0, before.pool_bytes + 4096);
    assert_in_range(after.objects, 0, before.objects + 4);
    assert_in_range(after.irps, 0, before.irps + 4);
    assert_int_equal(after.mdls, before.mdls);
    assert_int_equal(after.handles, before.handles);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, client_setup, client_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_plug_and_play_learns),
        TEST(without_a_driver),
        TEST(a_handle_has_one_child),
        TEST(bad_descriptions_are_refused),
        TEST(equal_devices_are_told_apart),
        TEST(more_children_than_fit_at_first),
        TEST(goes_with_everything_under_way),
        TEST(an_open_handle_keeps_it_until_it_is_closed),
        TEST(another_class_driver_on_the_same_device),
        TEST(pulled_out_by_a_person_but_still_shared),
        TEST(the_bus_is_pulled_out),
        TEST(the_bus_goes_in_order),
        TEST(requests_that_plug_and_play_seldom_sends),
        TEST(plugged_in_behind_the_last_close),
        TEST(whatever_is_accepted_can_be_plugged_in),
        TEST(a_thousand_times),
    };

    return cmocka_run_group_tests_name("scsiclient-plug", tests, NULL, NULL);
}
