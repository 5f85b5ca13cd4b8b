/* SPDX-License-Identifier: MIT */
/* devices.c - the device tree, as the host asks for it and changes it. */
#include "ntio/init/initp.h"

#include <stdio.h>
#include <stdlib.h>

#define INITP_PATH_CHARACTERS 512

static VOID InitpGive(const WCHAR *Text, char *To, size_t Size)
{
    if (To == NULL || Size == 0)
        return;
    char *Narrow = InitpNarrow(Text);
    snprintf(To, Size, "%s", Narrow != NULL ? Narrow : "");
    free(Narrow);
}

int32_t ntio_add_match(const char *id, const char *service)
{
    static const GUID NoClass;
    NTSTATUS Status = STATUS_INVALID_PARAMETER;

    if (!InitpIsUp())
        return STATUS_DEVICE_NOT_READY;
    WCHAR *Id = InitpWide(id), *Service = InitpWide(service);
    if (Id != NULL && Service != NULL && *Id != 0 && *Service != 0)
        Status = PnpAddMatch(Id, Service, &NoClass);
    free(Service);
    free(Id);
    return Status;
}

int32_t ntio_create_root_device(const char *name, const char *hardware_id, char *instance,
                                size_t size)
{
    NTSTATUS Status = STATUS_INVALID_PARAMETER;
    WCHAR Path[INITP_PATH_CHARACTERS] = {0};

    if (!InitpIsUp())
        return STATUS_DEVICE_NOT_READY;
    WCHAR *Name = InitpWide(name), *Id = InitpWide(hardware_id);
    WCHAR *Ids = Id != NULL ? calloc(NtCrt_wcslen(Id) + 2, sizeof(WCHAR)) : NULL;
    if (Name != NULL && Ids != NULL && *Id != 0) {
        NtCrt_wcscpy(Ids, Id);
        Status = PnpCreateRootDevice(Name, Ids, NULL, Path, INITP_PATH_CHARACTERS);
        InitpGive(Path, instance, size);
    }
    free(Ids);
    free(Id);
    free(Name);
    return Status;
}

int32_t ntio_remove_device(const char *instance, bool surprise)
{
    if (!InitpIsUp())
        return STATUS_DEVICE_NOT_READY;
    WCHAR *Instance = InitpWide(instance);
    if (Instance == NULL)
        return STATUS_INVALID_PARAMETER;
    NTSTATUS Status = PnpRemoveDevice(Instance, surprise);
    free(Instance);
    return Status;
}

int32_t ntio_set_function_driver(const char *instance, const char *service, char *veto, size_t size)
{
    NTSTATUS Status = STATUS_INVALID_PARAMETER;
    WCHAR Veto[INITP_PATH_CHARACTERS] = {0};

    if (!InitpIsUp())
        return STATUS_DEVICE_NOT_READY;
    WCHAR *Instance = InitpWide(instance), *Service = InitpWide(service);
    if (Instance != NULL && (service == NULL || Service != NULL)) {
        Status = PnpSetFunctionDriver(Instance, Service, Veto, INITP_PATH_CHARACTERS);
        InitpGive(Veto, veto, size);
    }
    free(Service);
    free(Instance);
    return Status;
}

int32_t ntio_set_system_power(ntio_power state, char *veto, size_t size)
{
    WCHAR Veto[INITP_PATH_CHARACTERS] = {0};

    C_ASSERT((int)NTIO_POWER_SHUTDOWN == (int)PowerSystemShutdown);
    if (!InitpIsUp())
        return STATUS_DEVICE_NOT_READY;
    NTSTATUS Status =
        PnpSetSystemPower((SYSTEM_POWER_STATE)state, FALSE, Veto, INITP_PATH_CHARACTERS);
    InitpGive(Veto, veto, size);
    return Status;
}

ntio_power ntio_get_system_power(void)
{
    return InitpIsUp() ? (ntio_power)PoQuerySystemPower() : NTIO_POWER_SHUTDOWN;
}

void ntio_pnp_settle(void)
{
    if (InitpIsUp())
        PnpSettle();
}

/* ---- the tree, copied ---- */

const char *InitpStateName(PNP_STATE State)
{
    switch (State) {
    case PnpUninitialized:
        return "uninitialized";
    case PnpInitialized:
        return "initialized";
    case PnpNoDriver:
        return "no driver";
    case PnpDriversAdded:
        return "drivers added";
    case PnpStarted:
        return "started";
    case PnpQueryRemoved:
        return "asked to go";
    case PnpSurpriseRemoved:
        return "gone, still open";
    case PnpFailed:
        return "failed";
    case PnpRemoved:
        return "removed";
    }
    return "unknown";
}

static WCHAR *InitpDuplicate(const WCHAR *Text)
{
    static const WCHAR Empty[1];
    return InitpJoin(Empty, Text != NULL ? Text : Empty);
}

static VOID InitpFreeNode(INITP_NODE *Node)
{
    if (Node->Pdo != NULL)
        ObDereferenceObject(Node->Pdo);
    free(Node->InstancePath);
    free(Node->Service);
    free(Node);
}

/* Under PnpTreeLock: copies and references, nothing else. */
static VOID InitpCopyNode(PDEVICE_NODE Node, ULONG Depth, PVOID Context)
{
    INITP_LIST *List = Context;
    INITP_NODE *Copy = calloc(1, sizeof(*Copy));
    if (Copy == NULL) {
        List->Failed = TRUE;
        return;
    }
    Copy->InstancePath = InitpDuplicate(Node->InstancePath);
    Copy->Service = InitpDuplicate(Node->Service);
    Copy->State = Node->State;
    Copy->Problem = Node->Problem;
    Copy->ProblemStatus = Node->ProblemStatus;
    Copy->Depth = Depth;
    if (Copy->InstancePath == NULL || Copy->Service == NULL || !InitpAppend(List, Copy)) {
        List->Failed = TRUE;
        InitpFreeNode(Copy);
        return;
    }
    Copy->Pdo = Node->PhysicalDeviceObject;
    if (Copy->Pdo != NULL)
        ObReferenceObject(Copy->Pdo);
}

BOOLEAN InitpCopyTree(INITP_LIST *List)
{
    memset(List, 0, sizeof(*List));
    PnpEnumerateNodes(InitpCopyNode, List);
    if (!List->Failed)
        return TRUE;
    InitpFreeTree(List);
    return FALSE;
}

VOID InitpFreeTree(INITP_LIST *List)
{
    for (ULONG i = 0; i < List->Count; i++)
        InitpFreeNode(List->Items[i]);
    free(List->Items);
    memset(List, 0, sizeof(*List));
}

/* Splits a list ended by an empty string; the array is one allocation with its strings behind it.
 */
static char **InitpNarrowList(const WCHAR *Strings)
{
    ULONG Count = 0;
    size_t Bytes = 0;
    for (const WCHAR *At = Strings; At != NULL && *At != 0; At += NtCrt_wcslen(At) + 1) {
        Count++;
        Bytes += NtCrt_wcslen(At) * 3 + 1;
    }
    char **List = malloc((Count + 1) * sizeof(char *) + Bytes);
    if (List == NULL)
        return NULL;
    char *Text = (char *)(List + Count + 1);
    ULONG Index = 0;
    for (const WCHAR *At = Strings; Index < Count; At += NtCrt_wcslen(At) + 1) {
        ULONG Written = 0;
        SIZE_T Length = NtCrt_wcslen(At);
        RtlUnicodeToUTF8N(Text, (ULONG)Length * 3, &Written, At, (ULONG)(Length * sizeof(WCHAR)));
        List[Index++] = Text;
        Text[Written] = '\0';
        Text += Written + 1;
    }
    List[Count] = NULL;
    return List;
}

static char **InitpQueryList(const WCHAR *Key, const WCHAR *Name)
{
    WCHAR *Strings = NULL;
    if (!NT_SUCCESS(CmpQueryString(Key, Name, &Strings)))
        return InitpNarrowList(NULL);
    char **List = InitpNarrowList(Strings);
    ExFreePool(Strings);
    return List;
}

static char *InitpQueryText(const WCHAR *Key, const WCHAR *Name)
{
    WCHAR *Text = NULL;
    if (!NT_SUCCESS(CmpQueryString(Key, Name, &Text)))
        return NULL;
    char *Narrow = InitpNarrow(PnpPlainText(Text));
    ExFreePool(Text);
    return Narrow;
}

/* FALSE: the host wants no more, or memory is out. */
static BOOLEAN InitpTellDevice(const INITP_NODE *Node, bool (*each)(const ntio_device *, void *),
                               void *context)
{
    BOOLEAN More = FALSE;
    char *Instance = InitpNarrow(Node->InstancePath), *Service = InitpNarrow(Node->Service);
    char *Description = NULL;
    char **HardwareIds = NULL, **CompatibleIds = NULL;
    WCHAR *Key = InitpJoin(INITP_ENUM, Node->InstancePath);

    if (Key != NULL) {
        Description = InitpQueryText(Key, L"FriendlyName");
        if (Description == NULL)
            Description = InitpQueryText(Key, L"DeviceDesc");
        HardwareIds = InitpQueryList(Key, L"HardwareID");
        CompatibleIds = InitpQueryList(Key, L"CompatibleIDs");
    }
    if (Instance != NULL && Service != NULL && HardwareIds != NULL && CompatibleIds != NULL) {
        ntio_device Device = {.instance = Instance,
                              .description = Description != NULL ? Description : "",
                              .service = Service,
                              .state = InitpStateName(Node->State),
                              .hardware_ids = (const char *const *)HardwareIds,
                              .compatible_ids = (const char *const *)CompatibleIds,
                              .depth = Node->Depth,
                              .problem = Node->Problem};
        More = each(&Device, context);
    }
    free(Key);
    free(CompatibleIds);
    free(HardwareIds);
    free(Description);
    free(Service);
    free(Instance);
    return More;
}

void ntio_enumerate_devices(bool (*each)(const ntio_device *device, void *context), void *context)
{
    INITP_LIST Tree;
    if (!InitpIsUp() || !InitpCopyTree(&Tree))
        return;
    for (ULONG i = 0; i < Tree.Count; i++) {
        if (!InitpTellDevice(Tree.Items[i], each, context))
            break;
    }
    InitpFreeTree(&Tree);
}

int32_t ntio_get_interfaces(const char *class_guid, const char *instance, char ***list)
{
    NTSTATUS Status = STATUS_INVALID_PARAMETER;
    WCHAR *Links = NULL;
    UNICODE_STRING Text;
    GUID Class;

    *list = NULL;
    if (!InitpIsUp())
        return STATUS_DEVICE_NOT_READY;
    WCHAR *Guid = InitpWide(class_guid), *Instance = InitpWide(instance);
    if (Guid == NULL || (instance != NULL && Instance == NULL))
        goto Exit;
    RtlInitUnicodeString(&Text, Guid);
    Status = RtlGUIDFromString(&Text, &Class);
    if (NT_SUCCESS(Status))
        Status = PnpGetInterfaces(&Class, Instance, &Links);
    if (!NT_SUCCESS(Status))
        goto Exit;
    *list = InitpNarrowList(Links);
    /* \??\ is how the system calls what a program calls \\?\. */
    for (char **Link = *list; Link != NULL && *Link != NULL; Link++) {
        if (strncmp(*Link, "\\??\\", 4) == 0)
            (*Link)[1] = '\\';
    }
    if (*list == NULL)
        Status = STATUS_INSUFFICIENT_RESOURCES;
Exit:
    if (Links != NULL)
        ExFreePool(Links);
    free(Instance);
    free(Guid);
    return Status;
}

void ntio_free_list(char **list)
{
    free(list);
}
