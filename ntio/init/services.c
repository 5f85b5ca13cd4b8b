/* SPDX-License-Identifier: MIT */
/* services.c - services and the registry, as the host names them. */
#include "ntio/init/initp.h"

#include <stdio.h>
#include <stdlib.h>

static int32_t InitpSay(char *Reason, size_t Size, NTSTATUS Status, const char *Text)
{
    if (Reason != NULL && Size != 0)
        snprintf(Reason, Size, "%s", Text);
    return Status;
}

/* A relative path holds only as long as the working directory does, so it is made absolute. */
static WCHAR *InitpImagePath(const char *File)
{
    char *Absolute = strchr(File, '/') != NULL ? realpath(File, NULL) : NULL;
    WCHAR *Path = InitpWide(Absolute != NULL ? Absolute : File);
    free(Absolute);
    return Path;
}

static BOOLEAN InitpIsServiceName(const char *Name)
{
    return Name != NULL && *Name != '\0' && strlen(Name) <= 255 && strpbrk(Name, "/\\") == NULL;
}

int32_t ntio_create_service(const char *name, const char *file)
{
    NTSTATUS Status = STATUS_INVALID_PARAMETER;
    WCHAR *Name = NULL, *Key = NULL, *Path = NULL;

    if (!InitpIsUp())
        return STATUS_DEVICE_NOT_READY;
    if (!InitpIsServiceName(name))
        return STATUS_OBJECT_NAME_INVALID;
    Name = InitpWide(name);
    Key = Name != NULL ? InitpJoin(INITP_SERVICES, Name) : NULL;
    Path = file != NULL ? InitpImagePath(file) : NULL;
    if (Key == NULL || (file != NULL && Path == NULL))
        goto Exit;
    if (CmpKeyExists(Key)) {
        Status = STATUS_OBJECT_NAME_COLLISION;
        goto Exit;
    }
    Status = CmpSetUlong(Key, L"Type", 1); /* SERVICE_KERNEL_DRIVER */
    if (NT_SUCCESS(Status))
        Status = CmpSetUlong(Key, L"Start", 3); /* SERVICE_DEMAND_START */
    if (NT_SUCCESS(Status))
        Status = CmpSetUlong(Key, L"ErrorControl", 1); /* SERVICE_ERROR_NORMAL */
    if (NT_SUCCESS(Status) && Path != NULL)
        Status = CmpSetString(Key, L"ImagePath", Path);
    if (!NT_SUCCESS(Status))
        CmpDeleteTree(Key);
Exit:
    free(Path);
    free(Key);
    free(Name);
    return Status;
}

int32_t ntio_delete_service(const char *name)
{
    NTSTATUS Status = STATUS_INVALID_PARAMETER;

    if (!InitpIsUp())
        return STATUS_DEVICE_NOT_READY;
    if (!InitpIsServiceName(name))
        return STATUS_OBJECT_NAME_INVALID;
    WCHAR *Name = InitpWide(name);
    WCHAR *Key = Name != NULL ? InitpJoin(INITP_SERVICES, Name) : NULL;
    if (Key != NULL)
        Status = CmpKeyExists(Key) ? CmpDeleteTree(Key) : STATUS_OBJECT_NAME_NOT_FOUND;
    free(Key);
    free(Name);
    return Status;
}

int32_t ntio_start_service(const char *name, char *reason, size_t size)
{
    if (!InitpIsUp())
        return InitpSay(reason, size, STATUS_DEVICE_NOT_READY, "ntio is not booted");
    WCHAR *Name = InitpIsServiceName(name) ? InitpWide(name) : NULL;
    if (Name == NULL)
        return InitpSay(reason, size, STATUS_OBJECT_NAME_INVALID,
                        "that is not a name for a service");
    NTSTATUS Status = LdrStartService(Name, reason, size);
    free(Name);
    return Status;
}

int32_t ntio_stop_service(const char *name)
{
    if (!InitpIsUp())
        return STATUS_DEVICE_NOT_READY;
    WCHAR *Name = InitpIsServiceName(name) ? InitpWide(name) : NULL;
    if (Name == NULL)
        return STATUS_OBJECT_NAME_INVALID;
    NTSTATUS Status = LdrStopService(Name);
    free(Name);
    return Status;
}

int32_t ntio_registry_set_string(const char *key, const char *name, const char *value)
{
    NTSTATUS Status = STATUS_INVALID_PARAMETER;

    if (!InitpIsUp())
        return STATUS_DEVICE_NOT_READY;
    WCHAR *Key = InitpWide(key), *Name = InitpWide(name), *Value = InitpWide(value);
    if (Key != NULL && Name != NULL && Value != NULL)
        Status = CmpSetString(Key, Name, Value);
    free(Value);
    free(Name);
    free(Key);
    return Status;
}

int32_t ntio_registry_set_uint32(const char *key, const char *name, uint32_t value)
{
    NTSTATUS Status = STATUS_INVALID_PARAMETER;

    if (!InitpIsUp())
        return STATUS_DEVICE_NOT_READY;
    WCHAR *Key = InitpWide(key), *Name = InitpWide(name);
    if (Key != NULL && Name != NULL)
        Status = CmpSetUlong(Key, Name, value);
    free(Name);
    free(Key);
    return Status;
}
