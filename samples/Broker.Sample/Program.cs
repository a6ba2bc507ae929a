using Broker.Actors.Connections;
using Broker.Host;
using Broker.Host.Policy;
using Broker.Sample;
using Microsoft.AspNetCore.Authentication.Cookies;

// An application as there are many: log-in by cookie, a few endpoints, a page. Broker is inside.
var builder = WebApplication.CreateBuilder(args);

builder.Services.AddAuthentication(CookieAuthenticationDefaults.AuthenticationScheme).AddCookie(LogIn.Configure);
builder.Services.AddAuthorization();

// Who is signed in is who the websocket's client is: the name is the user, the roles are the groups.
builder.AddBroker(Path.Combine(AppContext.BaseDirectory, "broker.conf"));

// What the application has to say: who may do what, and what may be said.
builder.Services.AddSingleton<IChannelPolicy, RoomPolicy>();
builder.Services.AddSingleton<IPublishHandler, Moderator>();

var app = builder.Build();

app.UseFileServer();
app.UseAuthentication();
app.UseAuthorization();

app.MapLogIn();
app.MapNotices();
app.MapBroker();

app.Run();
