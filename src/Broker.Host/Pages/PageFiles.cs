using System.Reflection;
using System.Security.Cryptography;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Broker.Host.Pages;

/// <summary>The files of wwwroot, out of the assembly: the client library always, the demo page where it is shown.</summary>
internal static class PageFiles
{
    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; "
        + "frame-ancestors 'none'; require-trusted-types-for 'script'";

    /// <summary>What other pages, also of other origins, load.</summary>
    private static readonly string[] Library = ["broker.js", "broker.mjs", "broker.d.ts", "broker.d.mts"];

    private static readonly string[] Page = ["index.html", "page.js", "panel.js", "page.css", "icon.svg"];

    public static void MapPageFiles(this IEndpointRouteBuilder routes, bool withPage)
    {
        foreach (var name in Library) Map(routes, name, isLibrary: true);
        if (!withPage) return;

        foreach (var name in Page) Map(routes, name, isLibrary: false);
    }

    /// <summary>For whatever a browser may show.</summary>
    public static void SetSecurityHeaders(IHeaderDictionary headers)
    {
        headers.ContentSecurityPolicy = Policy;
        headers.XContentTypeOptions = "nosniff";
    }

    private static void Map(IEndpointRouteBuilder routes, string name, bool isLibrary)
    {
        var content = Read(name);
        var type = ContentType(name);
        var tag = new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(SHA256.HashData(content))[..16]}\"");

        routes.MapMethods(name == "index.html" ? "/" : "/" + name, [HttpMethods.Get, HttpMethods.Head], context =>
        {
            var headers = context.Response.Headers;
            SetSecurityHeaders(headers);
            // Asked for again each time, answered with 304: a new version of the server is seen at once.
            headers.CacheControl = "no-cache";
            // A module of another origin is loaded with CORS.
            if (isLibrary) headers.AccessControlAllowOrigin = "*";

            return Results.Bytes(content, type, entityTag: tag).ExecuteAsync(context);
        });
    }

    private static byte[] Read(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("wwwroot/" + name)
            ?? throw new InvalidOperationException($"{name} is missing from the assembly");
        var content = new byte[stream.Length];
        stream.ReadExactly(content);
        return content;
    }

    private static string ContentType(string name) => Path.GetExtension(name) switch
    {
        ".html" => "text/html; charset=utf-8",
        ".js" or ".mjs" => "text/javascript; charset=utf-8",
        ".css" => "text/css; charset=utf-8",
        ".svg" => "image/svg+xml",
        _ => "text/plain; charset=utf-8",
    };
}
