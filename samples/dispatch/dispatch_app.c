/* SPDX-License-Identifier: MIT */
/*
 * dispatch_app.c - makes every major function reach the driver and says how often each came; shows
 * the three ways of reads and writes and the four methods of control codes. 0: all as it should be.
 */
#include <windows.h>
#include <winioctl.h>

#include <stdio.h>
#include <string.h>

#include "dispatch_public.h"

static int good = 1;

static const char *const names[DISPATCH_MAJORS] = {"CREATE",
                                                   "CREATE_NAMED_PIPE",
                                                   "CLOSE",
                                                   "READ",
                                                   "WRITE",
                                                   "QUERY_INFORMATION",
                                                   "SET_INFORMATION",
                                                   "QUERY_EA",
                                                   "SET_EA",
                                                   "FLUSH_BUFFERS",
                                                   "QUERY_VOLUME_INFORMATION",
                                                   "SET_VOLUME_INFORMATION",
                                                   "DIRECTORY_CONTROL",
                                                   "FILE_SYSTEM_CONTROL",
                                                   "DEVICE_CONTROL",
                                                   "INTERNAL_DEVICE_CONTROL",
                                                   "SHUTDOWN",
                                                   "LOCK_CONTROL",
                                                   "CLEANUP",
                                                   "CREATE_MAILSLOT",
                                                   "QUERY_SECURITY",
                                                   "SET_SECURITY",
                                                   "POWER",
                                                   "SYSTEM_CONTROL",
                                                   "DEVICE_CHANGE",
                                                   "QUERY_QUOTA",
                                                   "SET_QUOTA",
                                                   "PNP"};
enum { SHUTDOWN = 0x10 }; /* comes when the system goes down */

static void check(const char *what, int right)
{
    printf("%s: %s\n", what, right ? "as it should be" : "WRONG");
    if (!right)
        good = 0;
}

static HANDLE open_device(const WCHAR *path)
{
    HANDLE device = CreateFileW(path, GENERIC_READ | GENERIC_WRITE | READ_CONTROL | WRITE_OWNER,
                                FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING, 0, NULL);
    if (device == INVALID_HANDLE_VALUE) {
        printf("CreateFile failed with error %lu\n", (unsigned long)GetLastError());
        good = 0;
    }
    return device;
}

static int control(HANDLE device, DWORD code, void *in, DWORD in_size, void *out, DWORD out_size,
                   DWORD *done)
{
    return DeviceIoControl(device, code, in, in_size, out, out_size, done, NULL);
}

/* ---- the three ways of reads and writes ---- */

static void show_way(const WCHAR *path, const char *way)
{
    HANDLE device = open_device(path);
    DISPATCH_SEEN seen;
    char text[32] = "";
    DWORD done = 0;

    if (device == INVALID_HANDLE_VALUE)
        return;
    LARGE_INTEGER start = {{0}};
    int ok = WriteFile(device, "three ways", 10, &done, NULL) && done == 10 &&
             SetFilePointerEx(device, start, NULL, FILE_BEGIN) &&
             ReadFile(device, text, sizeof(text), &done, NULL) && done == 10 &&
             memcmp(text, "three ways", 10) == 0 &&
             control(device, IOCTL_DISPATCH_SEEN, NULL, 0, &seen, sizeof(seen), &done);
    if (ok)
        printf("%s: buffer at %p; the driver saw system buffer %llx, user buffer %llx, MDL of %lu "
               "bytes at %llx, mapped at %llx\n",
               way, (void *)text, (unsigned long long)seen.SystemBuffer,
               (unsigned long long)seen.UserBuffer, (unsigned long)seen.MdlLength,
               (unsigned long long)seen.MdlUser, (unsigned long long)seen.MdlSystem);
    check(way, ok);
    CloseHandle(device);
}

static void show_bad_address(void)
{
    HANDLE device = open_device(L"\\\\.\\DispatchNeither");
    DISPATCH_SEEN seen = {0};
    DWORD done = 0;

    if (device == INVALID_HANDLE_VALUE)
        return;
    BOOL ok = WriteFile(device, (const void *)(ULONG_PTR)16, 8, &done, NULL);
    DWORD error = GetLastError();
    control(device, IOCTL_DISPATCH_SEEN, NULL, 0, &seen, sizeof(seen), &done);
    printf("a write from address 16: error %lu, for the driver caught exception %lx\n",
           (unsigned long)error, (unsigned long)seen.Caught);
    check("a bad address", !ok && error == ERROR_NOACCESS && seen.Caught == 0xc0000005);
    CloseHandle(device);
}

/* ---- control codes ---- */

static void show_methods(HANDLE device)
{
    char in[8] = "abcdefg", out[8];
    DWORD done = 0;

    memset(out, 0, sizeof(out));
    check("METHOD_BUFFERED", control(device, IOCTL_DISPATCH_BUFFERED, in, 7, out, 7, &done) &&
                                 done == 7 && memcmp(out, "gfedcba", 7) == 0);
    memset(out, 0, sizeof(out));
    check("METHOD_OUT_DIRECT", control(device, IOCTL_DISPATCH_OUT_DIRECT, in, 7, out, 7, &done) &&
                                   done == 7 && memcmp(out, "gfedcba", 7) == 0);
    memset(out, 0, sizeof(out));
    check("METHOD_NEITHER", control(device, IOCTL_DISPATCH_NEITHER, in, 7, out, 7, &done) &&
                                done == 7 && memcmp(out, "gfedcba", 7) == 0);
    LARGE_INTEGER start = {{0}};
    check("METHOD_IN_DIRECT", control(device, IOCTL_DISPATCH_IN_DIRECT, NULL, 0, in, 7, &done) &&
                                  done == 7 && SetFilePointerEx(device, start, NULL, FILE_BEGIN) &&
                                  ReadFile(device, out, 7, &done, NULL) &&
                                  memcmp(out, "abcdefg", 7) == 0);
}

/* ---- what a file is asked and told ---- */

static void show_file(void)
{
    HANDLE device = open_device(L"\\\\.\\DispatchBuffered\\file");
    LARGE_INTEGER size = {{0}}, end;
    UCHAR descriptor[64];
    WCHAR label[16];
    DWORD needed = 0, done;

    if (device == INVALID_HANDLE_VALUE)
        return;
    end.QuadPart = 100;
    check("SetEndOfFile, GetFileSizeEx", SetFilePointerEx(device, end, NULL, FILE_BEGIN) &&
                                             SetEndOfFile(device) && GetFileSizeEx(device, &size) &&
                                             size.QuadPart == 100);
    check("FlushFileBuffers", FlushFileBuffers(device));
    check("LockFile, UnlockFile", LockFile(device, 0, 0, 10, 0) && UnlockFile(device, 0, 0, 10, 0));
    check("SetVolumeLabel, GetVolumeInformationByHandle",
          SetVolumeLabelW(L"\\\\.\\DispatchBuffered\\", L"label") &&
              GetVolumeInformationByHandleW(device, label, 16, NULL, NULL, NULL, NULL, 0) &&
              label[0] == 'l' && label[4] == 'l' && label[5] == 0);
    check("GetKernelObjectSecurity, SetKernelObjectSecurity",
          GetKernelObjectSecurity(device, OWNER_SECURITY_INFORMATION, descriptor,
                                  sizeof(descriptor), &needed) &&
              SetKernelObjectSecurity(device, OWNER_SECURITY_INFORMATION, descriptor));
    check("a file system's control code", control(device, FSCTL_DISPATCH, NULL, 0, NULL, 0, &done));
    CloseHandle(device);
}

/* ---- all major functions ---- */

static void show_majors(HANDLE device)
{
    static const ULONG sent[] = {0x01, 0x07, 0x08, 0x0c, 0x0f, 0x13, 0x16, 0x17, 0x18, 0x19, 0x1a};
    ULONG counts[DISPATCH_MAJORS];
    DWORD done;

    for (unsigned i = 0; i < sizeof(sent) / sizeof(sent[0]); i++) {
        ULONG major = sent[i];
        if (!control(device, IOCTL_DISPATCH_SEND, &major, sizeof(major), NULL, 0, &done))
            check(names[major], 0);
    }
    if (!control(device, IOCTL_DISPATCH_COUNTS, NULL, 0, counts, sizeof(counts), &done)) {
        check("counts", 0);
        return;
    }
    int all = 1;
    for (int i = 0; i < DISPATCH_MAJORS; i++) {
        printf("IRP_MJ_%-24s %lu\n", names[i], (unsigned long)counts[i]);
        all = all && (counts[i] != 0 || i == SHUTDOWN);
    }
    check("every major but SHUTDOWN, which comes when the system goes down,", all);
}

int main(void)
{
    HANDLE device;

    show_way(L"\\\\.\\DispatchBuffered", "buffered");
    show_way(L"\\\\.\\DispatchDirect", "direct");
    show_way(L"\\\\.\\DispatchNeither", "neither");
    show_bad_address();
    show_file();
    device = open_device(L"\\\\.\\DispatchBuffered");
    if (device != INVALID_HANDLE_VALUE) {
        show_methods(device);
        show_majors(device);
        CloseHandle(device);
    }
    return good ? 0 : 1;
}
