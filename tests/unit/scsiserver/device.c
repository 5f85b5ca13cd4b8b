/* SPDX-License-Identifier: MIT */
/* The device as a whole: what it says of itself, who may open it, how it goes. */
#include "server.h"

NTSTATUS NTAPI cdrom_entry(PDRIVER_OBJECT driver, PUNICODE_STRING path);

static uint8_t answer[48 + SCSINET_MAXIMUM_PNP_LENGTH];

static REQUEST_HEADER *get_pnp_info(HANDLE handle)
{
    REQUEST_HEADER *header = (REQUEST_HEADER *)answer;
    ULONG_PTR information;

    memset(answer, 0xEE, sizeof(answer));
    assert_ok(rig_call(handle, IOCTL_GET_PNP_INFO, NULL, 0, answer, sizeof(answer), &information));
    assert_int_equal(header->Length, information);
    header->Op = OP_PLUGIN;
    assert_int_equal(ScsinetCheckHeader(header, ScsinetFromServer, SCSINET_MAXIMUM_FRAME),
                     ScsinetFrameGood);
    return header;
}

static const PNP_INFO *info_of(const REQUEST_HEADER *header)
{
    return (const PNP_INFO *)(header + 1);
}

static void assert_entry(const REQUEST_HEADER *header, const PNP_ENTRY *entry, const WCHAR *text,
                         size_t characters)
{
    assert_ok(entry->Status);
    assert_int_equal(entry->InfoLength, characters * sizeof(WCHAR));
    assert_memory_equal((const uint8_t *)(header + 1) + entry->InfoOffset, text, entry->InfoLength);
}
#define ASSERT_ENTRY(header, entry, text)                                                          \
    assert_entry((header), (entry), (text), sizeof(text) / sizeof(WCHAR))

static void it_says_what_its_bus_says(void **state)
{
    const PNP_INFO *info;
    DEVICE_CAPABILITIES capabilities;
    REQUEST_HEADER *header;
    HANDLE handle;

    server_setup_bare(state);
    lun.texts[0] = L"Drive, of a kind";
    lun.texts[1] = L"Bay 3";
    lun.ids[4] = L"S123";
    lun.ids[5] = L"{container}";
    fake_plug(&lun);
    handle = rig_open(&server_guid);
    header = get_pnp_info(handle);
    info = info_of(header);
    assert_int_equal(ScsinetCheckFrame(header, ScsinetFromServer), ScsinetFrameGood);
    assert_int_equal(header->InputBufferLength, 65536);
    ASSERT_ENTRY(header, &info->QueryId[0], L"FAKE\\CdRom");
    ASSERT_ENTRY(header, &info->QueryId[1], L"FAKE\\CdRom\0GenCdRom\0");
    ASSERT_ENTRY(header, &info->QueryId[2], L"FAKE\\RAW\0");
    ASSERT_ENTRY(header, &info->QueryId[3], L"1");
    ASSERT_ENTRY(header, &info->QueryId[4], L"S123");
    ASSERT_ENTRY(header, &info->QueryId[5], L"{container}");
    ASSERT_ENTRY(header, &info->QueryDeviceText[0], L"Drive, of a kind");
    ASSERT_ENTRY(header, &info->QueryDeviceText[1], L"Bay 3");
    assert_int_equal(info->QueryCapabilities.InfoLength, 64);
    memcpy(&capabilities, (const uint8_t *)info + info->QueryCapabilities.InfoOffset, 64);
    assert_true(capabilities.Removable && capabilities.EjectSupported && capabilities.UniqueID);
    assert_int_equal(capabilities.Address, 3);

    /* Exactly enough room, and one byte less. */
    assert_ok(rig_call(handle, IOCTL_GET_PNP_INFO, NULL, 0, answer, header->Length, NULL));
    assert_status(rig_call(handle, IOCTL_GET_PNP_INFO, NULL, 0, answer, header->Length - 1, NULL),
                  STATUS_BUFFER_TOO_SMALL);
    assert_status(rig_call(handle, IOCTL_GET_PNP_INFO, NULL, 0, NULL, 0, NULL),
                  STATUS_BUFFER_TOO_SMALL);
    rig_close(handle);
}

static void a_bus_need_not_have_every_answer(void **state)
{
    const PNP_INFO *info;
    REQUEST_HEADER *header;
    HANDLE handle;

    server_setup_bare(state);
    lun.id_status[2] = STATUS_UNSUCCESSFUL;
    lun.ids[1] = L"GenCdRom\0";
    fake_plug(&lun);
    handle = rig_open(&server_guid);
    header = get_pnp_info(handle);
    info = info_of(header);
    assert_int_equal(ScsinetCheckFrame(header, ScsinetFromServer), ScsinetFrameGood);
    assert_status(info->QueryId[2].Status, STATUS_UNSUCCESSFUL);
    assert_int_equal(info->QueryId[2].InfoOffset, 0);
    assert_status(info->QueryId[4].Status, STATUS_NOT_SUPPORTED);
    assert_status(info->QueryDeviceText[0].Status, STATUS_NOT_SUPPORTED);
    assert_int_equal(info->QueryDeviceText[0].InfoOffset, 0);
    rig_close(handle);
}

static void an_empty_list_is_one_terminator(void **state)
{
    REQUEST_HEADER *header;
    HANDLE handle;

    server_setup_bare(state);
    lun.ids[2] = L"";
    fake_plug(&lun);
    handle = rig_open(&server_guid);
    header = get_pnp_info(handle);
    assert_int_equal(ScsinetCheckFrame(header, ScsinetFromServer), ScsinetFrameGood);
    ASSERT_ENTRY(header, &info_of(header)->QueryId[2], L"");
    rig_close(handle);
}

static void what_does_not_fit_is_refused_not_cut(void **state)
{
    static WCHAR text[SCSINET_MAXIMUM_PNP_LENGTH / 2];
    HANDLE handle;

    server_setup_bare(state);
    for (size_t i = 0; i + 1 < RTL_NUMBER_OF(text); i++)
        text[i] = L'x';
    lun.texts[0] = text;
    fake_plug(&lun);
    assert_int_equal(rig_problem(fake_path(&lun)), CM_PROB_FAILED_START);
    assert_status(rig_try_open(&server_guid, &handle), STATUS_OBJECT_NAME_NOT_FOUND);
}

static ULONG maximum_of(ULONG transfer, ULONG pages, bool none)
{
    ULONG maximum;
    HANDLE handle;

    fake_init(&lun, L"1");
    lun.maximum_transfer = transfer;
    lun.maximum_pages = pages;
    lun.no_properties = none;
    fake_plug(&lun);
    handle = rig_open(&server_guid);
    maximum = get_pnp_info(handle)->InputBufferLength;
    rig_close(handle);
    fake_unplug(&lun);
    fake_forget(&lun);
    return maximum;
}

static void transfers_are_as_long_as_the_adapter_takes(void **state)
{
    server_setup_bare(state);
    assert_int_equal(maximum_of(131072, 33, false), 131072);
    assert_int_equal(maximum_of(131072, 17, false), 65536);
    assert_int_equal(maximum_of(131072, 2, false), 4096);
    assert_int_equal(maximum_of(131072, 0, false), 131072); /* not said */
    assert_int_equal(maximum_of(131072, 0xFFFFFFFF, false), 131072);
    assert_int_equal(maximum_of(0, 17, false), 65536);
    assert_int_equal(maximum_of(0xFFFFFFFF, 0xFFFFFFFF, false), SCSINET_MAXIMUM_DATA);
    assert_int_equal(maximum_of(0, 0, true), 65536);
}

static void one_program_at_a_time(void **state)
{
    HANDLE first, second;

    (void)state;
    first = rig_open(&server_guid);
    assert_status(rig_try_open(&server_guid, &second), STATUS_SHARING_VIOLATION);
    assert_status(rig_call(first, CTL_CODE(FILE_DEVICE_CONTROLLER, 99, METHOD_BUFFERED, 0), NULL, 0,
                           NULL, 0, NULL),
                  STATUS_INVALID_DEVICE_REQUEST);
    rig_close(first);
    second = rig_open(&server_guid);
    rig_close(second);
}

static void stopped_it_does_nothing_started_it_does_again(void **state)
{
    HANDLE handle = rig_open(&server_guid), other;
    request held, r;

    (void)state;
    lun.on_srb = fake_hold_srb;
    make_read(&held, 0, 1);
    assert_status(begin(&held, handle), STATUS_PENDING);
    assert_ok(fake_pnp(&lun, IRP_MN_QUERY_STOP_DEVICE));
    assert_ok(fake_pnp(&lun, IRP_MN_STOP_DEVICE));
    /* What was in flight ends, and is told. */
    assert_ok(end(&held));
    assert_status(header_of(&held)->Status, STATUS_CANCELLED);
    free_request(&held);
    lun.on_srb = fake_drive;
    make_read(&r, 0, 1);
    assert_status(execute(&r, handle), STATUS_DEVICE_NOT_READY);
    assert_status(rig_call(handle, IOCTL_GET_PNP_INFO, NULL, 0, answer, sizeof(answer), NULL),
                  STATUS_DEVICE_NOT_READY);
    assert_int_equal(rig_interfaces(&server_guid), 0);
    lun.maximum_transfer = 8192;
    assert_ok(fake_pnp(&lun, IRP_MN_START_DEVICE));
    assert_ok(execute(&r, handle));
    assert_ok(header_of(&r)->Status);
    assert_int_equal(get_pnp_info(handle)->InputBufferLength, 8192);
    assert_status(rig_try_open(&server_guid, &other), STATUS_SHARING_VIOLATION);
    free_request(&r);
    rig_close(handle);
}

static void an_open_handle_keeps_it_from_going(void **state)
{
    HANDLE handle = rig_open(&server_guid);

    (void)state;
    assert_status(PnpRemoveDevice(fake_path(&lun), FALSE), STATUS_SHARING_VIOLATION);
    assert_int_equal(rig_state(lun.path), PnpStarted);
    rig_close(handle);
    assert_ok(PnpRemoveDevice(lun.path, FALSE));
    assert_int_equal(lun.removes, 1);
    assert_int_equal(rig_interfaces(&server_guid), 0);
}

static void pulled_out_with_requests_in_flight(void **state)
{
    HANDLE handle = rig_open(&server_guid), other;
    request r[8], late;
    WCHAR path[128];

    (void)state;
    NtCrt_wcscpy(path, fake_path(&lun));
    lun.on_srb = fake_hold_srb;
    for (int i = 0; i < 8; i++) {
        make_read(&r[i], (uint32_t)i, 1);
        assert_status(begin(&r[i], handle), STATUS_PENDING);
    }
    assert_int_equal(lun.held_count, 8);
    fake_unplug(&lun);
    for (int i = 0; i < 8; i++) {
        assert_ok(end(&r[i]));
        assert_status(header_of(&r[i])->Status, STATUS_CANCELLED);
        assert_int_equal(SRB_STATUS(srb_of(&r[i])->SrbStatus), SRB_STATUS_ABORTED);
        assert_int_equal(header_of(&r[i])->Length, 92);
        free_request(&r[i]);
    }
    assert_int_equal(lun.cancelled, 8);
    assert_int_equal(lun.surprises, 1);
    assert_int_equal(lun.removes, 0);
    /* Nobody gets in, nothing goes through. */
    assert_status(rig_try_open(&server_guid, &other), STATUS_OBJECT_NAME_NOT_FOUND);
    make_read(&late, 0, 1);
    assert_status(execute(&late, handle), STATUS_DEVICE_NOT_READY);
    free_request(&late);
    rig_close(handle);
    rig_until(rig_state(path) == PnpRemoved);
    PnpSettle();
    assert_int_equal(lun.removes, 1);
}

static void the_driver_is_swapped_and_swapped_back(void **state)
{
    ntio_counts before, after;

    (void)state;
    rig_add_service(L"cdrom", cdrom_entry);
    fake_path(&lun);
    for (int i = 0; i < 40; i++) {
        HANDLE handle;

        if (i == 10) {
            PnpSettle();
            ntio_get_counts(&before);
        }
        assert_ok(PnpSetFunctionDriver(lun.path, L"cdrom", NULL, 0));
        assert_int_equal(rig_interfaces(&server_guid), 0);
        assert_true(lun.claimed);
        assert_ok(PnpSetFunctionDriver(lun.path, L"scsiserver", NULL, 0));
        assert_false(lun.claimed);
        handle = rig_open(&server_guid);
        rig_close(handle);
    }
    PnpSettle();
    ntio_get_counts(&after);
    assert_int_equal(after.pool_blocks, before.pool_blocks);
    assert_int_equal(after.irps, before.irps);
    assert_in_range(after.objects, before.objects - 2,
                    before.objects + 2); /* some go in their own time */
}

static void power_and_the_rest_pass_through(void **state)
{
    PDEVICE_OBJECT top = IoGetAttachedDeviceReference(lun.pdo);

    (void)state;
    rig_check_power(top, STATUS_NOT_SUPPORTED);
    assert_status(fake_pnp(&lun, IRP_MN_QUERY_BUS_INFORMATION), STATUS_NOT_SUPPORTED);
    assert_ok(fake_pnp(&lun, IRP_MN_QUERY_REMOVE_DEVICE));
    assert_ok(fake_pnp(&lun, IRP_MN_CANCEL_REMOVE_DEVICE));
    ObDereferenceObject(top);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(it_says_what_its_bus_says, server_teardown),
        cmocka_unit_test_teardown(a_bus_need_not_have_every_answer, server_teardown),
        cmocka_unit_test_teardown(an_empty_list_is_one_terminator, server_teardown),
        cmocka_unit_test_teardown(what_does_not_fit_is_refused_not_cut, server_teardown),
        cmocka_unit_test_teardown(transfers_are_as_long_as_the_adapter_takes, server_teardown),
        cmocka_unit_test_setup_teardown(one_program_at_a_time, server_setup, server_teardown),
        cmocka_unit_test_setup_teardown(stopped_it_does_nothing_started_it_does_again, server_setup,
                                        server_teardown),
        cmocka_unit_test_setup_teardown(an_open_handle_keeps_it_from_going, server_setup,
                                        server_teardown),
        cmocka_unit_test_setup_teardown(pulled_out_with_requests_in_flight, server_setup,
                                        server_teardown),
        cmocka_unit_test_setup_teardown(power_and_the_rest_pass_through, server_setup,
                                        server_teardown),
        cmocka_unit_test_setup_teardown(the_driver_is_swapped_and_swapped_back, server_setup,
                                        server_teardown),
    };

    return cmocka_run_group_tests_name("scsiserver-device", tests, NULL, NULL);
}
