/* SPDX-License-Identifier: MIT */
/*
 * plug_and_play: a card through every state, found by its interface's GUID; what its driver is
 * asked, in which order down and up its stack, and with which resources.
 */
#include "../lab.h"
#include <initguid.h>
#include <cfgmgr32.h>
#include <setupapi.h>
#include <winioctl.h>
#include "samples/plug_and_play/plug_and_play_public.h"

#define PNP 0x1b
enum {
    START,
    QUERY_REMOVE,
    REMOVE,
    CANCEL_REMOVE,
    STOP,
    QUERY_STOP,
    CANCEL_STOP,
    QUERY_INTERFACE = 0x08,
    REQUIREMENTS = 0x0b,
    FILTER = 0x0d,
    SURPRISE = 0x17
};

static HANDLE bus;
static DEVINST bus_devinst;

/* CreateFile on the one interface of the class and device; INVALID_HANDLE_VALUE: there is none. */
static HANDLE find(const GUID *guid, const WCHAR *id, DEVINST *devinst)
{
    union {
        SP_DEVICE_INTERFACE_DETAIL_DATA_W data;
        BYTE room[512];
    } detail = {.data.cbSize = sizeof(detail.data)};
    SP_DEVICE_INTERFACE_DATA interface = {.cbSize = sizeof(interface)};
    SP_DEVINFO_DATA device = {.cbSize = sizeof(device)};
    HDEVINFO set = SetupDiGetClassDevsW(guid, id, NULL, DIGCF_PRESENT | DIGCF_DEVICEINTERFACE);
    HANDLE handle = INVALID_HANDLE_VALUE;

    assert_true(set != INVALID_HANDLE_VALUE);
    if (SetupDiEnumDeviceInterfaces(set, NULL, guid, 0, &interface)) {
        assert_true(SetupDiGetDeviceInterfaceDetailW(set, &interface, &detail.data, sizeof(detail),
                                                     NULL, &device));
        assert_false(SetupDiEnumDeviceInterfaces(set, NULL, guid, 1, &interface));
        handle = lab_open(detail.data.DevicePath, 0);
        *devinst = device.DevInst;
    }
    assert_int_equal(GetLastError() == ERROR_NO_MORE_ITEMS || handle != INVALID_HANDLE_VALUE, 1);
    assert_true(SetupDiDestroyDeviceInfoList(set));
    return handle;
}

static void settle(void)
{
    assert_int_equal(CM_Reenumerate_DevNode(bus_devinst, CM_REENUMERATE_SYNCHRONOUS), CR_SUCCESS);
}

static void send(HANDLE handle, DWORD code, const void *in, DWORD bytes)
{
    DWORD done;

    assert_true(DeviceIoControl(handle, code, (LPVOID)in, bytes, NULL, 0, &done, NULL));
}

static CARD_REPORT report(HANDLE card)
{
    CARD_REPORT r;
    DWORD done = 0;

    assert_true(DeviceIoControl(card, IOCTL_CARD_REPORT, NULL, 0, &r, sizeof(r), &done, NULL));
    assert_int_equal(done, sizeof(r));
    return r;
}

static void refuse(HANDLE card, ULONG what)
{
    send(card, IOCTL_CARD_REFUSE, &what, sizeof(what));
}

static void plug(ULONG serial, ULONG fixed)
{
    CARD_PLUG card = {serial, fixed};

    send(bus, IOCTL_BUS_PLUG, &card, sizeof(card));
    settle();
}

static void make_bus(void)
{
    lab_match("ROOT\\LABCARDBUS", "card_bus");
    lab_match("LABBUS\\Card", "plug_and_play");
    lab_device("LABCARDBUS", "ROOT\\LABCARDBUS");
    bus = find(&GUID_DEVINTERFACE_CARD_BUS, NULL, &bus_devinst);
    assert_true(bus != INVALID_HANDLE_VALUE);
}

static ULONG problem_of(WCHAR *id)
{
    ULONG status, problem;
    DEVINST devinst;

    assert_int_equal(CM_Locate_DevNodeW(&devinst, id, 0), CR_SUCCESS);
    assert_int_equal(CM_Get_DevNode_Status(&status, &problem, devinst, 0), CR_SUCCESS);
    return problem;
}

/* From `from` on: the request goes to the card's driver, from there to the bus, and is completed.
 * Returns where it is done. */
static int down(int from, int minor)
{
    int upper = lab_expect(from, NTIO_IRP_CALL, "plug_and_play", PNP, minor);
    int lower = lab_expect(upper + 1, NTIO_IRP_CALL, "card_bus", PNP, minor);

    assert_ptr_equal(lab_event_at((unsigned)upper)->irp, lab_event_at((unsigned)lower)->irp);
    return lab_expect(lower + 1, NTIO_IRP_COMPLETE, NULL, PNP, minor);
}

static WCHAR card1[] = L"LABBUS\\Card\\1", card2[] = L"LABBUS\\Card\\2",
             card3[] = L"LABBUS\\Card\\3";

static void a_card_is_found_and_started(void **state)
{
    DEVINST devinst, parent;
    CARD_REPORT r, s;
    HANDLE card, other;
    int at;

    (void)state;
    make_bus();
    assert_true(find(&GUID_DEVINTERFACE_CARD, NULL, &devinst) == INVALID_HANDLE_VALUE);
    lab_trace_begin();
    plug(1, 0);
    lab_trace_end();
    /* Requirements are asked for, filtered, granted at START; that ends at the bus first. The
     * direct call is asked for in between, when those below have started. */
    at = lab_expect(0, NTIO_IRP_CALL, "card_bus", PNP, REQUIREMENTS);
    at = down(at, FILTER);
    at = lab_expect(at, NTIO_IRP_CALL, "plug_and_play", PNP, START);
    at = lab_expect(at, NTIO_IRP_COMPLETE, "card_bus", PNP, START);
    at = lab_expect(at, NTIO_IRP_CALL, "card_bus", PNP, QUERY_INTERFACE);
    lab_expect(at, NTIO_IRP_COMPLETE, "plug_and_play", PNP, START);
    assert_int_equal(lab_count(NTIO_IRP_CALL, "plug_and_play", PNP, START), 1);

    card = find(&GUID_DEVINTERFACE_CARD, NULL, &devinst);
    assert_true(card != INVALID_HANDLE_VALUE);
    assert_int_equal(CM_Get_Parent(&parent, devinst, 0), CR_SUCCESS);
    assert_int_equal(parent, bus_devinst);
    r = report(card);
    assert_int_equal(r.State, CardStarted);
    assert_int_equal(r.Serial, 1);
    assert_int_equal(r.PortStart, CARD_PORT_FIRST);
    assert_int_equal(r.PortLength, CARD_PORT_LENGTH);
    assert_in_range(r.Vector, 5, 7);
    assert_in_range(r.Irql, 3, 15); /* translated: a device's interrupt level */

    plug(2, 0);
    other = find(&GUID_DEVINTERFACE_CARD, card2, &devinst);
    s = report(other);
    assert_int_equal(s.Serial, 2);
    assert_int_equal(s.PortStart, CARD_PORT_OTHER);
    assert_int_not_equal(s.Vector, r.Vector);
    assert_int_equal(s.Asked[START], 2);
    assert_true(CloseHandle(card) && CloseHandle(other) && CloseHandle(bus));
}

static void a_card_is_paused_and_moved(void **state)
{
    CARD_REPORT before, after;
    HANDLE card, third;
    DEVINST devinst;
    ULONG serial = 3;
    int at;

    (void)state;
    make_bus();
    plug(1, 0);
    card = find(&GUID_DEVINTERFACE_CARD, card1, &devinst);

    /* Refused: CANCEL_STOP, and nothing has changed. */
    refuse(card, CARD_REFUSES_STOP);
    before = report(card);
    lab_trace_begin();
    send(card, IOCTL_CARD_MOVE, NULL, 0);
    settle();
    lab_trace_end();
    at = lab_expect(0, NTIO_IRP_CALL, "plug_and_play", PNP, QUERY_STOP);
    down(at, CANCEL_STOP);
    assert_int_equal(lab_find(0, NTIO_IRP_CALL, "card_bus", PNP, QUERY_STOP), -1);
    assert_int_equal(lab_find(0, NTIO_IRP_CALL, NULL, PNP, STOP), -1);
    after = report(card);
    assert_int_equal(after.State, CardStarted);
    assert_int_equal(after.PortStart, before.PortStart);
    assert_int_equal(after.Asked[CANCEL_STOP], 1);

    /* Agreed: QUERY_STOP, STOP, asked again what it needs, START with that. The handle stays good.
     */
    refuse(card, 0);
    lab_trace_begin();
    send(card, IOCTL_CARD_MOVE, NULL, 0);
    settle();
    lab_trace_end();
    at = down(0, QUERY_STOP);
    at = down(at, STOP);
    at = lab_expect(at, NTIO_IRP_CALL, NULL, PNP, REQUIREMENTS);
    at = down(at, FILTER);
    at = down(at, START);
    assert_int_equal(lab_find(0, NTIO_IRP_CALL, NULL, PNP, REMOVE), -1);
    after = report(card);
    assert_int_equal(after.State, CardStarted);
    assert_int_equal(after.PortStart, CARD_PORT_MOVED);
    assert_true(CloseHandle(card));

    /* Another that must have what the second has: refused, it has a problem; agreed, it gets it. */
    plug(2, 0);
    card = find(&GUID_DEVINTERFACE_CARD, card2, &devinst);
    assert_int_equal(report(card).PortStart, CARD_PORT_FIRST);
    refuse(card, CARD_REFUSES_STOP);
    plug(serial, 1);
    assert_int_equal(problem_of(card3), CM_PROB_NORMAL_CONFLICT);
    assert_true(find(&GUID_DEVINTERFACE_CARD, card3, &devinst) == INVALID_HANDLE_VALUE);
    send(bus, IOCTL_BUS_UNPLUG, &serial, sizeof(serial));
    settle();
    refuse(card, 0);
    lab_trace_begin();
    plug(serial, 1);
    lab_trace_end();
    at = down(0, QUERY_STOP);
    at = down(at, STOP);
    at = down(at, START); /* the second, elsewhere */
    down(at, START);      /* the third */
    third = find(&GUID_DEVINTERFACE_CARD, card3, &devinst);
    assert_int_equal(report(third).PortStart, CARD_PORT_FIRST);
    assert_int_equal(report(card).PortStart, CARD_PORT_OTHER);
    assert_int_equal(report(card).State, CardStarted);
    assert_true(CloseHandle(card) && CloseHandle(third) && CloseHandle(bus));
}

static void a_removal_is_vetoed_cancelled_and_done(void **state)
{
    SP_PROPCHANGE_PARAMS params = {
        {sizeof(params.ClassInstallHeader), DIF_PROPERTYCHANGE}, DICS_DISABLE, DICS_FLAG_GLOBAL, 0};
    SP_DEVINFO_DATA device = {.cbSize = sizeof(device)};
    PNP_VETO_TYPE type;
    WCHAR name[MAX_PATH];
    DEVINST devinst, other;
    HANDLE card, second;
    HDEVINFO set;
    int at;

    (void)state;
    make_bus();
    plug(1, 0);
    plug(2, 0);
    card = find(&GUID_DEVINTERFACE_CARD, card1, &devinst);
    second = find(&GUID_DEVINTERFACE_CARD, card2, &other);

    /* Its drivers agree, but somebody has it open. */
    lab_trace_begin();
    assert_int_equal(CM_Query_And_Remove_SubTreeW(devinst, &type, name, MAX_PATH, 0),
                     CR_REMOVE_VETOED);
    lab_trace_end();
    at = down(0, QUERY_REMOVE);
    down(at, CANCEL_REMOVE);
    assert_int_equal(type, PNP_VetoOutstandingOpen);
    assert_memory_equal(name, card1, sizeof(card1));
    /* The card's own driver refuses: the bus is not asked. */
    refuse(card, CARD_REFUSES_REMOVE);
    lab_trace_begin();
    assert_int_equal(CM_Query_And_Remove_SubTreeW(devinst, &type, name, MAX_PATH, 0),
                     CR_REMOVE_VETOED);
    lab_trace_end();
    at = lab_expect(0, NTIO_IRP_CALL, "plug_and_play", PNP, QUERY_REMOVE);
    down(at, CANCEL_REMOVE);
    assert_int_equal(lab_find(0, NTIO_IRP_CALL, "card_bus", PNP, QUERY_REMOVE), -1);
    assert_int_equal(type, PNP_VetoDevice);
    assert_int_equal(report(card).State, CardStarted);
    assert_int_equal(report(card).Asked[CANCEL_REMOVE], 2);
    refuse(card, 0);
    assert_true(CloseHandle(card));

    /* Now it goes, and comes back: disabled and enabled. */
    set = SetupDiCreateDeviceInfoList(NULL, NULL);
    assert_true(SetupDiOpenDeviceInfoW(set, card1, NULL, 0, &device));
    assert_true(
        SetupDiSetClassInstallParamsW(set, &device, &params.ClassInstallHeader, sizeof(params)));
    lab_trace_begin();
    assert_true(SetupDiCallClassInstaller(DIF_PROPERTYCHANGE, set, &device));
    lab_trace_end();
    at = down(0, QUERY_REMOVE);
    down(at, REMOVE);
    assert_int_equal(problem_of(card1), CM_PROB_DISABLED);
    assert_true(find(&GUID_DEVINTERFACE_CARD, card1, &devinst) == INVALID_HANDLE_VALUE);
    params.StateChange = DICS_ENABLE;
    assert_true(
        SetupDiSetClassInstallParamsW(set, &device, &params.ClassInstallHeader, sizeof(params)));
    assert_true(SetupDiCallClassInstaller(DIF_PROPERTYCHANGE, set, &device));
    assert_int_equal(problem_of(card1), 0);
    assert_true(SetupDiDestroyDeviceInfoList(set));
    assert_int_equal(report(second).Asked[START], 3);
    assert_true(CloseHandle(second));

    /* The bus with all that is on it: children first. */
    assert_true(CloseHandle(bus));
    lab_trace_begin();
    assert_int_equal(
        CM_Query_And_Remove_SubTreeW(bus_devinst, &type, name, MAX_PATH, CM_REMOVE_NO_RESTART),
        CR_SUCCESS);
    lab_trace_end();
    at = down(0, QUERY_REMOVE);
    at = down(at, QUERY_REMOVE);
    at = lab_expect(at, NTIO_IRP_CALL, "PnpManager", PNP, QUERY_REMOVE);
    at = down(at, REMOVE);
    at = down(at, REMOVE);
    lab_expect(at, NTIO_IRP_CALL, "PnpManager", PNP, REMOVE);
    assert_int_equal(lab_count(NTIO_IRP_CALL, "plug_and_play", PNP, REMOVE), 2);
}

static void a_card_is_pulled_out(void **state)
{
    ULONG serial = 1;
    DEVINST devinst, other;
    HANDLE card, second;
    DWORD done;

    (void)state;
    make_bus();
    plug(1, 0);
    plug(2, 0);
    card = find(&GUID_DEVINTERFACE_CARD, card1, &devinst);
    second = find(&GUID_DEVINTERFACE_CARD, card2, &other);
    lab_trace_begin();
    send(bus, IOCTL_BUS_UNPLUG, &serial, sizeof(serial));
    settle();
    lab_trace_end();
    down(0, SURPRISE);
    assert_int_equal(lab_find(0, NTIO_IRP_CALL, NULL, PNP, QUERY_REMOVE), -1);
    assert_int_equal(lab_find(0, NTIO_IRP_CALL, NULL, PNP, REMOVE), -1); /* it is open */
    assert_int_equal(report(card).State, CardSurpriseRemoved);
    assert_false(DeviceIoControl(card, IOCTL_CARD_MOVE, NULL, 0, NULL, 0, &done, NULL));
    assert_int_equal(GetLastError(), ERROR_DEVICE_NOT_CONNECTED);
    assert_true(find(&GUID_DEVINTERFACE_CARD, card1, &other) == INVALID_HANDLE_VALUE);
    assert_int_equal(CM_Locate_DevNodeW(&other, card1, 0), CR_NO_SUCH_DEVNODE);
    assert_int_equal(CM_Locate_DevNodeW(&other, card1, CM_LOCATE_DEVNODE_PHANTOM), CR_SUCCESS);
    assert_int_equal(other, devinst);

    lab_trace_begin();
    assert_true(CloseHandle(card));
    settle();
    lab_trace_end();
    down(0, REMOVE);
    assert_int_equal(report(second).Asked[SURPRISE], 1);
    assert_int_equal(report(second).Asked[REMOVE], 1);

    /* The same card again is the same device. */
    plug(1, 0);
    card = find(&GUID_DEVINTERFACE_CARD, card1, &other);
    assert_int_equal(other, devinst);
    assert_int_equal(report(card).State, CardStarted);
    assert_true(CloseHandle(card) && CloseHandle(second) && CloseHandle(bus));
}

static const struct CMUnitTest tests[] = {
    LAB_TEST(a_card_is_found_and_started),
    LAB_TEST(a_card_is_paused_and_moved),
    LAB_TEST(a_removal_is_vetoed_cancelled_and_done),
    LAB_TEST(a_card_is_pulled_out),
};

LAB_MAIN("lab-plug_and_play", tests)
