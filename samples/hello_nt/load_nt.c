/* SPDX-License-Identifier: MIT */
/*
 * load_nt.c - registers the driver hello_nt with the service control manager, starts it, reads from
 * its device, stops it and takes it away again, saying at each step what the service's key holds or
 * what state it is in.
 *
 * usage: load_nt [IMAGE]    IMAGE: the driver's file; System32\drivers\hello_nt.sys otherwise
 */
#include <windows.h>

#include <stdio.h>

#define NAME "hello_nt"
#define KEY  "SYSTEM\\CurrentControlSet\\Services\\" NAME

static int failed(const char *what)
{
    printf("%s failed with error %lu\n", what, (unsigned long)GetLastError());
    return 0;
}

/* What CreateService wrote; Windows keeps it there, and reads it with the next start. */
static int show_key(void)
{
    static const char *const numbers[] = {"Type", "Start", "ErrorControl"};
    char text[MAX_PATH];
    DWORD value, size;

    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        size = sizeof(value);
        LSTATUS error = RegGetValueA(HKEY_LOCAL_MACHINE, KEY, numbers[i], RRF_RT_REG_DWORD, NULL,
                                     &value, &size);
        SetLastError((DWORD)error);
        if (error != ERROR_SUCCESS)
            return failed(numbers[i]);
        printf("  %-12s %lu\n", numbers[i], (unsigned long)value);
    }
    size = sizeof(text);
    LSTATUS error = RegGetValueA(HKEY_LOCAL_MACHINE, KEY, "ImagePath", RRF_RT_ANY | RRF_NOEXPAND,
                                 NULL, text, &size);
    SetLastError((DWORD)error);
    if (error != ERROR_SUCCESS)
        return failed("ImagePath");
    printf("  %-12s %s\n", "ImagePath", text);
    return 1;
}

static int show_state(SC_HANDLE service)
{
    static const char *const names[] = {"?", "stopped", "start pending", "stop pending", "running"};
    SERVICE_STATUS status;

    if (!QueryServiceStatus(service, &status))
        return failed("QueryServiceStatus");
    printf("  the service is %s\n", names[status.dwCurrentState <= 4 ? status.dwCurrentState : 0]);
    return 1;
}

static int read_device(void)
{
    char text[64];
    DWORD length = 0;
    HANDLE device = CreateFileW(L"\\\\.\\HelloNt", GENERIC_READ, 0, NULL, OPEN_EXISTING,
                                FILE_ATTRIBUTE_NORMAL, NULL);

    if (device == INVALID_HANDLE_VALUE)
        return failed("CreateFile");
    int ok = ReadFile(device, text, sizeof(text), &length, NULL) ? 1 : failed("ReadFile");
    if (ok)
        printf("  the device says: %.*s\n", (int)length, text);
    CloseHandle(device);
    return ok;
}

static int use(SC_HANDLE service)
{
    SERVICE_STATUS status;

    if (!show_key() || !show_state(service))
        return 0;
    printf("StartService\n");
    if (!StartServiceA(service, 0, NULL))
        return failed("StartService");
    int ok = show_state(service) && read_device();
    printf("ControlService(SERVICE_CONTROL_STOP)\n");
    if (!ControlService(service, SERVICE_CONTROL_STOP, &status))
        return failed("ControlService");
    return ok && show_state(service);
}

int main(int argc, char **argv)
{
    const char *image = argc > 1 ? argv[1] : "System32\\drivers\\hello_nt.sys";
    SC_HANDLE manager, service;
    int ok;

    OutputDebugStringA("load_nt begins");
    manager = OpenSCManagerA(NULL, NULL, SC_MANAGER_CREATE_SERVICE);
    if (manager == NULL)
        return failed("OpenSCManager") + 1;
    printf("CreateService\n");
    service = CreateServiceA(manager, NAME, "Hello NT", SERVICE_ALL_ACCESS, SERVICE_KERNEL_DRIVER,
                             SERVICE_DEMAND_START, SERVICE_ERROR_NORMAL, image, NULL, NULL, NULL,
                             NULL, NULL);
    ok = service != NULL ? use(service) : failed("CreateService");
    if (service != NULL) {
        /* Marked now; the key goes when this handle, the last one, is closed. */
        printf("DeleteService\n");
        if (!DeleteService(service))
            ok = failed("DeleteService");
        CloseServiceHandle(service);
        service = OpenServiceA(manager, NAME, SERVICE_QUERY_STATUS);
        if (service == NULL && GetLastError() == ERROR_SERVICE_DOES_NOT_EXIST)
            printf("  the service is gone\n");
        else
            ok = 0;
    }
    CloseServiceHandle(manager);
    OutputDebugStringA("load_nt ends");
    return ok ? 0 : 1;
}
