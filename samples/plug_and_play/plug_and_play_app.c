/* SPDX-License-Identifier: MIT */
/*
 * plug_and_play_app.c - plugs cards into the bus and drives one through all states: found by
 * SetupDi, paused, moved, asked, refused, disabled, pulled out. Says what it sees; exits with 1
 * where that is not what it should be.
 */
#define UNICODE
#include <windows.h>
#include <winioctl.h>
#include <initguid.h>
#include <cfgmgr32.h>
#include <setupapi.h>
#include "plug_and_play_public.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const states[] = {"added",   "started",        "stop pending",
                                     "stopped", "remove pending", "surprise removed"};
static int wrong; /* how often something was not as it should be */

static void check(int is, const char *what)
{
    if (is)
        return;
    printf("  WRONG: %s\n", what);
    wrong++;
}

static void fail(const char *what)
{
    printf("%s failed with error %lu\n", what, (unsigned long)GetLastError());
    exit(1);
}

/* The interface of class guid on the device with this instance ID (NULL: the first), its device in
 * *devinst. NULL: there is none. */
static SP_DEVICE_INTERFACE_DETAIL_DATA *find(const GUID *guid, const WCHAR *id, DEVINST *devinst)
{
    SP_DEVICE_INTERFACE_DETAIL_DATA *detail = NULL;
    SP_DEVICE_INTERFACE_DATA interface = {.cbSize = sizeof(interface)};
    SP_DEVINFO_DATA device = {.cbSize = sizeof(device)};
    HDEVINFO set = SetupDiGetClassDevs(guid, id, NULL, DIGCF_PRESENT | DIGCF_DEVICEINTERFACE);
    DWORD size = 0;

    if (set == INVALID_HANDLE_VALUE)
        fail("SetupDiGetClassDevs");
    if (SetupDiEnumDeviceInterfaces(set, NULL, guid, 0, &interface)) {
        SetupDiGetDeviceInterfaceDetail(set, &interface, NULL, 0, &size, NULL);
        detail = malloc(size);
        if (detail == NULL)
            fail("malloc");
        detail->cbSize = sizeof(*detail);
        if (!SetupDiGetDeviceInterfaceDetail(set, &interface, detail, size, NULL, &device))
            fail("SetupDiGetDeviceInterfaceDetail");
        *devinst = device.DevInst;
    }
    SetupDiDestroyDeviceInfoList(set);
    return detail;
}

static HANDLE open_interface(const GUID *guid, const WCHAR *id, DEVINST *devinst)
{
    SP_DEVICE_INTERFACE_DETAIL_DATA *detail = find(guid, id, devinst);
    HANDLE handle;

    if (detail == NULL)
        return INVALID_HANDLE_VALUE;
    handle = CreateFile(detail->DevicePath, GENERIC_READ | GENERIC_WRITE,
                        FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING, 0, NULL);
    if (handle == INVALID_HANDLE_VALUE)
        fail("CreateFile");
    free(detail);
    return handle;
}

static void control(HANDLE handle, DWORD code, const void *in, DWORD bytes)
{
    DWORD done;

    if (!DeviceIoControl(handle, code, (LPVOID)in, bytes, NULL, 0, &done, NULL))
        fail("DeviceIoControl");
}

static CARD_REPORT report(HANDLE card)
{
    CARD_REPORT result;
    DWORD done;

    if (!DeviceIoControl(card, IOCTL_CARD_REPORT, NULL, 0, &result, sizeof(result), &done, NULL))
        fail("IOCTL_CARD_REPORT");
    return result;
}

static void show(const char *when, const CARD_REPORT *r)
{
    printf("%s: card %lu is %s, ports 0x%lx to 0x%lx, interrupt %lu at level %lu\n", when,
           (unsigned long)r->Serial, states[r->State], (unsigned long)r->PortStart,
           (unsigned long)(r->PortStart + r->PortLength - (r->PortLength != 0)),
           (unsigned long)r->Vector, (unsigned long)r->Irql);
}

static ULONG problem_of(const WCHAR *id)
{
    ULONG status, problem;
    DEVINST devinst;

    if (CM_Locate_DevNode(&devinst, (DEVINSTID)id, CM_LOCATE_DEVNODE_NORMAL) != CR_SUCCESS ||
        CM_Get_DevNode_Status(&status, &problem, devinst, 0) != CR_SUCCESS)
        return (ULONG)-1;
    return problem;
}

static HANDLE bus;
static DEVINST bus_devinst;

/* A synchronous request comes behind all that PnP has to do by now. */
static void settle(void)
{
    if (CM_Reenumerate_DevNode(bus_devinst, CM_REENUMERATE_SYNCHRONOUS) != CR_SUCCESS)
        fail("CM_Reenumerate_DevNode");
}

static void plug(ULONG serial, ULONG fixed)
{
    CARD_PLUG card = {serial, fixed};

    control(bus, IOCTL_BUS_PLUG, &card, sizeof(card));
    settle();
}

static void unplug(ULONG serial)
{
    control(bus, IOCTL_BUS_UNPLUG, &serial, sizeof(serial));
    settle();
}

static void refuse(HANDLE card, ULONG what)
{
    control(card, IOCTL_CARD_REFUSE, &what, sizeof(what));
}

/* DIF_PROPERTYCHANGE: disables (DICS_DISABLE) or enables the device. */
static void change(const WCHAR *id, DWORD state)
{
    SP_PROPCHANGE_PARAMS params = {
        {sizeof(params.ClassInstallHeader), DIF_PROPERTYCHANGE}, state, DICS_FLAG_GLOBAL, 0};
    SP_DEVINFO_DATA device = {.cbSize = sizeof(device)};
    HDEVINFO set = SetupDiCreateDeviceInfoList(NULL, NULL);

    if (!SetupDiOpenDeviceInfo(set, id, NULL, 0, &device) ||
        !SetupDiSetClassInstallParams(set, &device, &params.ClassInstallHeader, sizeof(params)) ||
        !SetupDiCallClassInstaller(DIF_PROPERTYCHANGE, set, &device))
        fail("DIF_PROPERTYCHANGE");
    SetupDiDestroyDeviceInfoList(set);
}

#define CARD1 L"LABBUS\\Card\\1"
#define CARD2 L"LABBUS\\Card\\2"
#define CARD3 L"LABBUS\\Card\\3"

/* Resources: each gets what no other has; one is paused for another, unless it refuses. */
static HANDLE resources(HANDLE second)
{
    DEVINST devinst;
    HANDLE first = open_interface(&GUID_DEVINTERFACE_CARD, CARD1, &devinst), third;
    CARD_REPORT a = report(first), b = report(second), c;

    show("plugged in", &a);
    show("plugged in", &b);
    check(a.State == CardStarted && a.Serial == 1 && b.Serial == 2, "both work");
    check(a.PortStart == CARD_PORT_FIRST && b.PortStart == CARD_PORT_OTHER && a.Vector != b.Vector,
          "what one has the other has not");

    refuse(first, CARD_REFUSES_STOP);
    plug(3, 1); /* it can use the ports of the first alone */
    printf("card 1 refuses to stop: card 3 has problem %lu\n", (unsigned long)problem_of(CARD3));
    check(problem_of(CARD3) == CM_PROB_NORMAL_CONFLICT, "a conflict is the device's problem");
    check(report(first).Asked[6] == a.Asked[6] + 1, "who refused is told that it goes on");
    unplug(3);

    refuse(first, 0);
    plug(3, 1);
    third = open_interface(&GUID_DEVINTERFACE_CARD, CARD3, &devinst);
    a = report(first);
    c = report(third);
    show("made room", &a);
    show("plugged in", &c);
    check(c.PortStart == CARD_PORT_FIRST && a.PortStart > CARD_PORT_OTHER && a.State == CardStarted,
          "the first has moved");
    CloseHandle(third);
    unplug(3);

    control(first, IOCTL_CARD_MOVE, NULL, 0);
    settle();
    a = report(first);
    show("asked for others", &a);
    check(a.PortStart == CARD_PORT_MOVED && a.State == CardStarted, "it got what it asked for");
    return first;
}

/* Query-remove: vetoed by an open handle, by the driver; then the device goes, and comes back. */
static void removal(HANDLE card)
{
    PNP_VETO_TYPE type;
    WCHAR name[MAX_PATH];
    CARD_REPORT before = report(card), after;
    DEVINST devinst;

    CM_Locate_DevNode(&devinst, (DEVINSTID)CARD1, 0);
    check(CM_Query_And_Remove_SubTree(devinst, &type, name, MAX_PATH, CM_REMOVE_UI_NOT_OK) ==
                  CR_REMOVE_VETOED &&
              type == PNP_VetoOutstandingOpen,
          "an open handle vetoes");
    refuse(card, CARD_REFUSES_REMOVE);
    check(CM_Query_And_Remove_SubTree(devinst, &type, name, MAX_PATH, CM_REMOVE_UI_NOT_OK) ==
                  CR_REMOVE_VETOED &&
              type == PNP_VetoDevice,
          "a driver vetoes");
    refuse(card, 0);
    after = report(card);
    show("vetoed twice", &after);
    check(after.State == CardStarted && after.Asked[3] == before.Asked[3] + 2,
          "it was told twice that it goes on");
    CloseHandle(card);

    change(CARD1, DICS_DISABLE);
    printf("disabled: problem %lu\n", (unsigned long)problem_of(CARD1));
    check(problem_of(CARD1) == CM_PROB_DISABLED, "it is disabled");
    change(CARD1, DICS_ENABLE);
    check(problem_of(CARD1) == 0, "it is enabled");
}

/* Pulled out while it is open: told at once, removed at the last close. */
static void surprise(HANDLE second)
{
    DEVINST devinst;
    HANDLE card = open_interface(&GUID_DEVINTERFACE_CARD, CARD1, &devinst);
    ULONG removes = report(second).Asked[2];
    CARD_REPORT a;

    unplug(1);
    a = report(card);
    show("pulled out", &a);
    check(a.State == CardSurpriseRemoved && a.Asked[2] == removes, "it waits for the last close");
    check(find(&GUID_DEVINTERFACE_CARD, CARD1, &devinst) == NULL, "nobody finds it any more");
    CloseHandle(card);
    settle();
    check(report(second).Asked[2] == removes + 1, "and then it is removed");
}

int main(void)
{
    static const struct {
        unsigned minor;
        const char *name;
    } minors[] = {{0x00, "START"},
                  {0x05, "QUERY_STOP"},
                  {0x06, "CANCEL_STOP"},
                  {0x04, "STOP"},
                  {0x01, "QUERY_REMOVE"},
                  {0x03, "CANCEL_REMOVE"},
                  {0x17, "SURPRISE_REMOVAL"},
                  {0x02, "REMOVE"}};
    CARD_REPORT total;
    DEVINST devinst;
    HANDLE second;

    bus = open_interface(&GUID_DEVINTERFACE_CARD_BUS, NULL, &bus_devinst);
    if (bus == INVALID_HANDLE_VALUE)
        fail("finding the bus");
    plug(1, 0);
    plug(2, 0);
    second = open_interface(&GUID_DEVINTERFACE_CARD, CARD2, &devinst);
    if (second == INVALID_HANDLE_VALUE)
        fail("finding card 2");
    removal(resources(second));
    surprise(second);
    total = report(second);
    printf("asked of all cards:");
    for (size_t i = 0; i < sizeof(minors) / sizeof(minors[0]); i++)
        printf(" %s %lu", minors[i].name, (unsigned long)total.Asked[minors[i].minor]);
    printf("\n");
    CloseHandle(second);
    CloseHandle(bus);
    return wrong != 0;
}
